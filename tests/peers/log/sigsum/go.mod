// Nothing: torchwood names this module, and what we use of it does not.
module sigsum.org/sigsum-go

go 1.24.0
