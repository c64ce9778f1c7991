package bundle

import _ "embed"

// VerifyPy is verify.py, a second implementation of the verification in Python, written from the specifications alone.
// Every bundle has a copy.
//
//go:embed verify.py
var VerifyPy []byte
