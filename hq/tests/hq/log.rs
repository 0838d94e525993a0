//! HQ's log, over the wire and by the commands.
