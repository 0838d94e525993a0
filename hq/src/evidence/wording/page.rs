//! The report's headings and fixed sentences.

/// Over the headline.
pub const CUSTODY_REPORT: &str = "Custody report";
/// Before the customer's name.
pub const CUSTOMER: &str = "Customer";
/// Before the address that boxes leave.
pub const FROM: &str = "From";
/// Before the address that boxes go to.
pub const TO: &str = "To";
/// Before the time of the record's export.
pub const AS_OF: &str = "As of";
/// Over findings and faults.
pub const MATTERS: &str = "To look into";
/// When there are none.
pub const NO_MATTERS: &str = "Nothing was found and nothing contradicts.";
/// Over parts of the record that do not hold.
pub const DOES_NOT_HOLD: &str = "This record does not hold";
/// Under that.
pub const DOES_NOT_HOLD_MEANS: &str = "These parts bear no fitting signature. The report shows what the rest proves; do not rely on \
     it before HQ has exported it anew.";
/// The mark of a matter that somebody should look into.
pub const SERIOUS: &str = "Look into";
/// The mark of a matter that accuses nobody.
pub const NEUTRAL: &str = "Good to know";
/// Before who signed for a matter.
pub const SIGNED_BY: &str = "Signed by";
/// Before who had the boxes.
pub const HELD_BY: &str = "Until then with";
/// Before a claimed time.
pub const WHEN: &str = "When";
/// Before event ids.
pub const PROVED_BY: &str = "Proved by event";
/// Over the route.
pub const ROUTE: &str = "The route";
/// Under the route's heading.
pub const ROUTE_MEANS: &str = "Who held the boxes, in order. Times are UTC, by the clocks of the \
                               phones that signed.";
/// A handoff that both sides signed.
pub const BOTH_SIGNED: &str = "both signed";
/// A handoff at the door that the customer confirmed with his code.
pub const CUSTOMER_CONFIRMED: &str = "customer confirmed";
/// A handoff at the customer's door.
pub const CREW_SIGNED: &str = "crew signed";
/// An offer that nobody accepted.
pub const GIVER_SIGNED: &str = "offered, not accepted";
/// Over the boxes.
pub const BOXES: &str = "Box by box";
/// Under that.
pub const BOXES_MEAN: &str = "Each box by the last four characters of its label. Open one for its \
                              chain of custody: the phone's own time is a claim, the proven time \
                              is bounded by HQ's signed clock and receipts.";
/// The mark of a delivered box.
pub const DELIVERED: &str = "delivered";
/// The mark of a delivered box with findings.
pub const DELIVERED_WITH_FINDINGS: &str = "delivered, see findings";
/// The mark of a box that nobody took over.
pub const NEVER_TAKEN: &str = "not taken over";
/// Before the holder of a box under way.
pub const WITH: &str = "with";
/// The column of what was done.
pub const STEP: &str = "Step";
/// The column of who did it.
pub const WHO: &str = "Who";
/// The column of the phone's own time.
pub const CLAIMED: &str = "Phone's time (UTC)";
/// The column of the bounds by HQ's clock.
pub const PROVEN: &str = "Proven time (UTC)";
/// Before a phone's own time, where there are no columns.
pub const CLAIMED_SHORT: &str = "phone";
/// Before proven bounds, where there are no columns.
pub const PROVEN_SHORT: &str = "proven";
/// The column of event ids.
pub const EVENT: &str = "Event";
/// The column of signatures.
pub const SIGNATURE: &str = "Signature";
/// A signature that holds.
pub const VERIFIED: &str = "verified";
/// Over the verification.
pub const VERIFICATION: &str = "How this was verified";
/// What was checked.
pub const VERIFIED_HOW: &str = "Each act was signed on the phone of the person who did it, and \
                                each phone's acts form a chain that names the act before. Every \
                                signature and every chain was checked anew to write this page.";
/// Before the fingerprint.
pub const HQ_KEY: &str = "HQ's fingerprint";
/// What to do with the fingerprint.
pub const COMPARE: &str = "Compare it with the fingerprint that HQ gave you by another way.";
/// Before the counts.
pub const CHECKED: &str = "Checked";
/// Before the job's pseudonym and log.
pub const RECORD: &str = "Record";
/// How a reader checks for himself.
pub const CHECK_YOURSELF: &str = "This page is a convenience; the file beside it is the proof. To \
                                  check it yourself, without a network and without trusting this \
                                  page:";
/// What the signatures do not show.
pub const LIMITS: &str = "What signatures cannot show: what happened before a phone signed, \
                          whether a claimed place is true, and what is inside a box. HQ can \
                          withhold an event, which leaves a gap in a chain; it cannot change one.";
