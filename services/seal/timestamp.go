package seal

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	_ "crypto/sha1" // for the certificate's hash in tokens of older authorities
	_ "crypto/sha256"
	_ "crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"slices"
	"time"

	"github.com/taizhang/taizhang/events/text"
)

// Token is the answer of a time-stamp authority (RFC 3161): it signed that some bytes existed at a time.
//
//	status 0
//	SignedData (RFC 5652)
//	├ TSTInfo: hash of the stamped bytes, time      ← hashed in the attributes
//	├ certificates of the authority                 ← signed up to a root that the reader trusts
//	└ signer: whose certificate, attributes ← signed, signature
//
// Everything that nobody signed is refused, or has one form only: a text beside the status, further signers,
// attributes that are not signed, revocation lists, and a certificate that leads to no root. So a Token that is
// verified with roots is right in every byte.
type Token struct {
	imprint      crypto.Hash // by which the stamped bytes were hashed
	hashed       []byte
	at           time.Time
	digest       crypto.Hash // by which the authority hashed what it signed
	certificates []*x509.Certificate
	signer       *x509.Certificate // one of the certificates
	algorithm    x509.SignatureAlgorithm
	attributes   []byte // that are signed, as signed
	signature    []byte
}

// tokenBytesMax is the maximum length of an answer of an authority.
const tokenBytesMax = 64 << 10

// The names of the parts follow RFC 3161 and RFC 5652. Of a struct that begins with RawContent the bytes are kept as
// they are, because their content is signed or is parsed on its own.
type (
	timeStampResp struct {
		Status struct{ Status int }
		Token  struct {
			ContentType asn1.ObjectIdentifier
			Content     signedData `asn1:"explicit,tag:0"`
		}
	}
	signedData struct {
		Version          int
		DigestAlgorithms []pkix.AlgorithmIdentifier `asn1:"set"`
		EncapContentInfo struct {
			ContentType asn1.ObjectIdentifier
			Content     []byte `asn1:"explicit,tag:0"`
		}
		Certificates rawContent   `asn1:"optional,tag:0"`
		SignerInfos  []signerInfo `asn1:"set"`
	}
	signerInfo struct {
		Version int
		SID     struct {
			Issuer rawContent
			Serial *big.Int
		}
		DigestAlgorithm    pkix.AlgorithmIdentifier
		SignedAttrs        rawContent `asn1:"tag:0"`
		SignatureAlgorithm pkix.AlgorithmIdentifier
		Signature          []byte
	}
	rawContent struct{ Raw asn1.RawContent }

	// tstInfo may end with more parts, which are signed and not used: accuracy, nonce and others.
	tstInfo struct {
		Version        int
		Policy         asn1.ObjectIdentifier
		MessageImprint struct {
			HashAlgorithm pkix.AlgorithmIdentifier
			HashedMessage []byte
		}
		SerialNumber *big.Int
		GenTime      time.Time `asn1:"generalized"`
	}
	attribute struct {
		Type   asn1.ObjectIdentifier
		Values []asn1.RawValue `asn1:"set"`
	}
	// signingCertificate is of RFC 5035. Parts that follow are signed and not used.
	signingCertificate struct{ Certs []asn1.RawValue }
	essCertID          struct{ Hash []byte }
	essCertIDv2        struct {
		HashAlgorithm pkix.AlgorithmIdentifier `asn1:"optional"` // SHA-256 if it is missing
		Hash          []byte
	}
)

var (
	oidSignedData           = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	oidTSTInfo              = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 1, 4}
	oidContentType          = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}
	oidMessageDigest        = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}
	oidSigningCertificate   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 12}
	oidSigningCertificateV2 = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 47}
	oidRSA                  = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}
	oidExtKeyUsage          = asn1.ObjectIdentifier{2, 5, 29, 37}
)

// digests are the hashes that an authority may use, and the algorithms that sign them.
var digests = []struct {
	oid   asn1.ObjectIdentifier
	hash  crypto.Hash
	rsa   x509.SignatureAlgorithm
	ecdsa x509.SignatureAlgorithm
	ecOID asn1.ObjectIdentifier
}{
	{asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}, crypto.SHA256, x509.SHA256WithRSA, x509.ECDSAWithSHA256,
		asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2}},
	{asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 2}, crypto.SHA384, x509.SHA384WithRSA, x509.ECDSAWithSHA384,
		asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 3}},
	{asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 3}, crypto.SHA512, x509.SHA512WithRSA, x509.ECDSAWithSHA512,
		asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 4}},
}

// ParseToken reads the answer of a time-stamp authority in DER, the file that "openssl ts -reply" and authorities call
// .tsr. The authority must have been asked for its certificates.
func ParseToken(tsr []byte) (*Token, error) {
	var resp timeStampResp
	if len(tsr) > tokenBytesMax {
		return nil, tokenError(text.Say("超过 64 KiB", "it has more than 64 KiB"))
	}
	if rest, err := asn1.Unmarshal(tsr, &resp); err != nil || len(rest) > 0 {
		return nil, notAnAnswer()
	}
	// What the structs above do not have, such as attributes that are not signed, would be lost here.
	if again, err := asn1.Marshal(resp); err != nil || !bytes.Equal(again, tsr) {
		return nil, tokenError(text.Say("含有未经签名的附加内容，无法核实",
			"it has further parts that nobody signed and nobody can check"))
	}
	data := resp.Token.Content
	if resp.Status.Status != 0 || !resp.Token.ContentType.Equal(oidSignedData) || data.Version != 3 ||
		!data.EncapContentInfo.ContentType.Equal(oidTSTInfo) || len(data.DigestAlgorithms) != 1 ||
		len(data.SignerInfos) != 1 || data.SignerInfos[0].Version != 1 {
		return nil, tokenError(text.Say("不是一个签名者的时间戳", "expected a granted time stamp of one signer"))
	}
	t := &Token{}
	if err := t.readInfo(data.EncapContentInfo.Content); err != nil {
		return nil, err
	}
	return t, t.readSigner(data)
}

// CleanToken returns the answer of a time-stamp authority without the parts that nobody signed and ParseToken
// therefore refuses: a text beside the status, and attributes that are not signed.
func CleanToken(tsr []byte) ([]byte, error) {
	var resp timeStampResp // package asn1 skips what follows the parts of a struct
	if rest, err := asn1.Unmarshal(tsr, &resp); err != nil || len(rest) > 0 {
		return nil, notAnAnswer()
	}
	return asn1.Marshal(resp)
}

func notAnAnswer() error {
	return tokenError(text.Say("应为时间戳机构的应答（DER 编码，应答成功，附有证书）",
		"expected the answer of a time-stamp authority, in DER, granted, with certificates"))
}

func tokenError(what text.Text) error {
	return text.Errorf(text.Invalid, "时间戳不对：%s", "the time stamp is wrong: %s", what)
}

// readInfo reads what the authority states.
func (t *Token) readInfo(content []byte) error {
	var info tstInfo
	if rest, err := asn1.Unmarshal(content, &info); err != nil || len(rest) > 0 || info.Version != 1 {
		return tokenError(text.Say("读不出时间", "its statement cannot be read"))
	}
	d := digest(info.MessageImprint.HashAlgorithm)
	if d < 0 || len(info.MessageImprint.HashedMessage) != digests[d].hash.Size() {
		return tokenError(text.Say("散列算法应为 SHA-256、SHA-384 或 SHA-512",
			"expected SHA-256, SHA-384 or SHA-512 over the stamped bytes"))
	}
	t.imprint, t.hashed, t.at = digests[d].hash, info.MessageImprint.HashedMessage, info.GenTime.UTC()
	return nil
}

// digest returns the index of a hash algorithm in digests, or -1. Its parameters are missing or NULL.
func digest(a pkix.AlgorithmIdentifier) int {
	for i, d := range digests {
		if a.Algorithm.Equal(d.oid) && (len(a.Parameters.FullBytes) == 0 || isNull(a)) {
			return i
		}
	}
	return -1
}

func isNull(a pkix.AlgorithmIdentifier) bool {
	return bytes.Equal(a.Parameters.FullBytes, asn1.NullBytes)
}

// readSigner reads the certificates and the signer, and checks that the signed attributes are of this statement and of
// the signer's certificate.
func (t *Token) readSigner(data signedData) error {
	s := data.SignerInfos[0]
	d := digest(s.DigestAlgorithm)
	if d < 0 || digest(data.DigestAlgorithms[0]) != d {
		return tokenError(text.Say("签名的散列算法应为 SHA-256、SHA-384 或 SHA-512",
			"expected a signature with SHA-256, SHA-384 or SHA-512"))
	}
	t.digest, t.signature = digests[d].hash, s.Signature
	var raw asn1.RawValue
	_, err := asn1.Unmarshal(data.Certificates.Raw, &raw)
	if err == nil {
		t.certificates, err = x509.ParseCertificates(raw.Bytes)
	}
	i := slices.IndexFunc(t.certificates, func(c *x509.Certificate) bool {
		return bytes.Equal(c.RawIssuer, s.SID.Issuer.Raw) && c.SerialNumber.Cmp(s.SID.Serial) == 0
	})
	if err != nil || i < 0 {
		return tokenError(text.Say("缺少签名者的证书：请向时间戳机构索取附证书的应答（openssl ts -query -cert）",
			"the signer's certificate is missing: ask the authority for it (openssl ts -query -cert)"))
	}
	t.signer = t.certificates[i]
	a := s.SignatureAlgorithm
	switch t.signer.PublicKey.(type) {
	case *rsa.PublicKey:
		if a.Algorithm.Equal(oidRSA) && isNull(a) {
			t.algorithm = digests[d].rsa
		}
	case *ecdsa.PublicKey:
		if a.Algorithm.Equal(digests[d].ecOID) && len(a.Parameters.FullBytes) == 0 {
			t.algorithm = digests[d].ecdsa
		}
	}
	if t.algorithm == x509.UnknownSignatureAlgorithm {
		return tokenError(text.Say("签名算法应为 RSA 或 ECDSA", "expected a signature with RSA or ECDSA"))
	}
	t.attributes = slices.Concat([]byte{asn1.TagSet | 0x20}, s.SignedAttrs.Raw[1:])
	return t.checkAttributes(data.EncapContentInfo.Content)
}

func (t *Token) checkAttributes(content []byte) error {
	var list []attribute
	if rest, err := asn1.UnmarshalWithParams(t.attributes, &list, "set"); err != nil || len(rest) > 0 {
		return tokenError(text.Say("读不出签名的内容", "what is signed cannot be read"))
	}
	h := t.digest.New()
	h.Write(content)
	var isTyped, isHashed, isOurs bool
	for _, a := range list {
		if len(a.Values) != 1 {
			return tokenError(text.Say("读不出签名的内容", "what is signed cannot be read"))
		}
		value := a.Values[0].FullBytes
		switch {
		case a.Type.Equal(oidContentType):
			var oid asn1.ObjectIdentifier
			_, err := asn1.Unmarshal(value, &oid)
			isTyped = err == nil && oid.Equal(oidTSTInfo)
		case a.Type.Equal(oidMessageDigest):
			var sum []byte
			_, err := asn1.Unmarshal(value, &sum)
			isHashed = err == nil && bytes.Equal(sum, h.Sum(nil))
		case a.Type.Equal(oidSigningCertificate), a.Type.Equal(oidSigningCertificateV2):
			if isOurs = t.isSigner(value, a.Type.Equal(oidSigningCertificateV2)); !isOurs {
				return tokenError(text.Say("签名的是另一张证书", "it was signed for another certificate"))
			}
		}
	}
	if !isTyped || !isHashed || !isOurs {
		return tokenError(text.Say("签名的是别的内容", "something else was signed"))
	}
	return nil
}

// isSigner reports whether a signed attribute names the signer's certificate, by its hash.
func (t *Token) isSigner(value []byte, isV2 bool) bool {
	var list signingCertificate
	if _, err := asn1.Unmarshal(value, &list); err != nil || len(list.Certs) == 0 {
		return false
	}
	sum, hash := []byte(nil), crypto.SHA1
	if isV2 {
		var id essCertIDv2
		if _, err := asn1.Unmarshal(list.Certs[0].FullBytes, &id); err != nil {
			return false
		}
		sum, hash = id.Hash, crypto.SHA256
		if len(id.HashAlgorithm.Algorithm) > 0 {
			d := digest(id.HashAlgorithm)
			if d < 0 {
				return false
			}
			hash = digests[d].hash
		}
	} else {
		var id essCertID
		if _, err := asn1.Unmarshal(list.Certs[0].FullBytes, &id); err != nil {
			return false
		}
		sum = id.Hash
	}
	h := hash.New()
	h.Write(t.signer.Raw)
	return bytes.Equal(sum, h.Sum(nil))
}

// Stamps verifies that the token is of these bytes and that its signer signed it, and returns the time. It does not
// say who the signer is.
func (t *Token) Stamps(stamped []byte) (at time.Time, err error) {
	h := t.imprint.New()
	h.Write(stamped)
	if !bytes.Equal(h.Sum(nil), t.hashed) {
		return at, text.Errorf(text.Refused, "时间戳不是这个文件的", "the time stamp is of another file")
	}
	if t.signer.CheckSignature(t.algorithm, t.attributes, t.signature) != nil {
		return at, text.Errorf(text.Refused, "时间戳的签名不对：它被改动过",
			"the signature of the time stamp is wrong: it was changed")
	}
	return t.at, nil
}

// Verify is Stamps, and verifies that the signer is a time-stamp authority under one of the roots, at that time.
func (t *Token) Verify(stamped []byte, roots *x509.CertPool) (at time.Time, err error) {
	if at, err = t.Stamps(stamped); err != nil {
		return at, err
	}
	others := x509.NewCertPool()
	for _, c := range t.certificates {
		others.AddCert(c)
	}
	if roots == nil { // for which x509 would take those of the machine
		roots = x509.NewCertPool()
	}
	chains, err := t.signer.Verify(x509.VerifyOptions{Roots: roots, Intermediates: others, CurrentTime: at,
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageTimeStamping}})
	if err != nil || !stampsOnly(t.signer) {
		e := text.Errorf(text.Refused, "时间戳的签名者 %q 不是所给根证书下的时间戳机构",
			"the signer %q of the time stamp is no time-stamp authority under the given roots", t.signer.Subject)
		e.Cause = err
		return time.Time{}, e
	}
	for _, c := range t.certificates {
		if !slices.ContainsFunc(chains, func(chain []*x509.Certificate) bool {
			return slices.ContainsFunc(chain, c.Equal)
		}) {
			return time.Time{}, text.Errorf(text.Refused,
				"时间戳附有无法核实的证书 %q：请把签发它的根证书加入所给的根证书",
				"the time stamp carries the certificate %q that nobody can check: add its root to the given roots",
				c.Subject)
		}
	}
	return at, nil
}

// stampsOnly reports whether a certificate is for time stamps and nothing else, as RFC 3161 demands.
func stampsOnly(c *x509.Certificate) bool {
	return len(c.ExtKeyUsage) == 1 && len(c.UnknownExtKeyUsage) == 0 && slices.ContainsFunc(c.Extensions,
		func(e pkix.Extension) bool { return e.Id.Equal(oidExtKeyUsage) && e.Critical })
}
