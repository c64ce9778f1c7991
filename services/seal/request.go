package seal

import (
	"bytes"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/taizhang/taizhang/events/text"
)

// Request asks a witness to cosign a checkpoint. It is the body of add-checkpoint in c2sp.org/tlog-witness, and the
// content of a file that is carried to a witness:
//
//	old 1203                                         the size that the witness cosigned last, 0 if none
//	PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=     the proof that the checkpoint's tree begins with that tree
//	…
//	                                                 an empty line
//	taizhang.zj/2026                                 the signed checkpoint
//	…
type Request struct {
	Old        uint64
	Proof      []tlog.Hash
	Checkpoint *Signed
}

// RequestBytesMax is the maximum length of a request.
const RequestBytesMax = signedBytesMax + (hashesMax+1)*(hashChars+1) + 1

// ParseRequest reads a request. It accepts exactly what Request.Bytes writes. It verifies neither signature nor proof.
func ParseRequest(content []byte) (*Request, error) {
	if len(content) > RequestBytesMax {
		return nil, requestError(text.Say("超过 %d 字节", "it has more than %d bytes", RequestBytesMax))
	}
	if bytes.Contains(content, []byte("\r\n")) {
		return nil, requestError(changedEnds)
	}
	old, hashes, checkpoint, err := parseParts(content, "old ")
	if err != nil {
		return nil, requestError(text.Of(err))
	}
	s, err := ParseSigned(checkpoint)
	if err != nil {
		return nil, err
	}
	if old > s.Size {
		return nil, requestError(text.Say("先前的条数 %d 大于检查点的条数 %d",
			"the old size %d is above the checkpoint's size %d",
			old, s.Size))
	}
	return &Request{old, hashes, s}, nil
}

func requestError(what text.Text) error {
	return text.Errorf(text.Invalid, "不是见证请求：%s", "this is no request to a witness: %s", what)
}

// Bytes returns the request as a file or a witness has it.
func (r *Request) Bytes() []byte {
	return append(appendParts(nil, "old ", r.Old, r.Proof), r.Checkpoint.Bytes()...)
}
