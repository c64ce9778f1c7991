package doctor

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io/fs"
	"net"
	"os"
	"slices"
	"time"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

// When the end of a certificate is near.
const (
	endWarning = 30 * 24 * time.Hour
	endWrong   = 7 * 24 * time.Hour
)

// certificates looks at the certificates that the settings name.
func (x *examination) certificates() {
	if x.Serving.OIDCCA != "" {
		x.authorities(x.Serving.OIDCCA)
	}
	if x.Serving.TLSCert == "" {
		x.find(Certificate, "", NotExamined, "没有设置证书", "no certificate is set")
		return
	}
	file := x.Serving.TLSCert
	chain, err := certificatesIn(file)
	if err != nil {
		x.missing(Certificate, file, err)
		return
	}
	if !x.times(file, chain) {
		return
	}
	if _, err := tls.LoadX509KeyPair(file, x.Serving.TLSKey); errors.Is(err, fs.ErrPermission) || errors.Is(err,
		fs.ErrNotExist) {
		x.missing(Certificate, x.Serving.TLSKey, err)
	} else if err != nil {
		x.find(Certificate, file, Wrong, "%s 与 %s 不是一对证书和私钥",
			"%s and %s are no certificate with its key", file, x.Serving.TLSKey).
			todo("更换时证书和私钥要一起换；服务仍在用原来的一对",
				"replace both together; a server that runs keeps the pair before")
	}
	x.names(file, chain[0])
}

// authorities looks at the certificates that are trusted for the issuer of single sign-on. Any of them may be that of
// the issuer. A server reads them when it starts.
func (x *examination) authorities(file string) {
	all, err := certificatesIn(file)
	if err != nil {
		x.missing(Certificate, file, err)
		return
	}
	invalid := 0
	for _, c := range all {
		if c.NotBefore.After(x.Now) || !c.NotAfter.After(x.Now) {
			invalid++
		}
	}
	last := slices.MaxFunc(all, byEnd)
	left, until := last.NotAfter.Sub(x.Now), events.FormatInstant(last.NotAfter)
	f := x.find(Certificate, file, OK, "信任的证书 %d 个，“%s”的到 %s 为止，还有 %s",
		"%d trusted certificates, that of %s valid until %s, for %s", len(all), nameOf(last, file), until, span(left))
	switch {
	case invalid == len(all):
		f.State, f.Found = Wrong, text.Say("信任的证书现在全部无效，最后一个到 %s 为止",
			"no trusted certificate is valid now; the last end is %s", until)
	case invalid > 0:
		f.State, f.Found = Warning, text.Say("信任的证书 %d 个，其中 %d 个现在无效",
			"%d trusted certificates, of which %d are not valid now", len(all), invalid)
	case left < endWarning:
		f.State = Warning
	default:
		return
	}
	f.todo("核对签发方现用的证书，更新此文件，再重新启动服务",
		"look which certificate the issuer has now, put its authority into the file, and start the server again").
		typed("openssl storeutl -noout -text -certs "+x.Quote(file)+" | grep -E 'Subject:|Not After'",
			"systemctl restart taizhang")
}

func byEnd(a, b *x509.Certificate) int { return a.NotAfter.Compare(b.NotAfter) }

// nameOf returns the name in a certificate, or that of its file.
func nameOf(c *x509.Certificate, file string) string { return cmp.Or(c.Subject.CommonName, file) }

// certificatesIn reads the certificates in a file.
func certificatesIn(file string) (list []*x509.Certificate, err error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	for block, rest := pem.Decode(content); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, text.Errorf(text.Invalid, "%s 中的证书不能读取：%v",
				"a certificate in %s cannot be read: %v", file, err)
		}
		list = append(list, c)
	}
	if len(list) == 0 {
		return nil, text.Errorf(text.Invalid, "%s 中没有 PEM 证书", "%s holds no certificate in PEM", file)
	}
	return list, nil
}

// times says whether the certificates of a file are valid now and how long yet. It adds one finding, about the one
// that ends first, and reports whether the certificates are valid.
func (x *examination) times(file string, chain []*x509.Certificate) (valid bool) {
	first := slices.MinFunc(chain, byEnd)
	late := slices.MaxFunc(chain, func(a, b *x509.Certificate) int { return a.NotBefore.Compare(b.NotBefore) })
	name := nameOf(first, file)
	left, until := first.NotAfter.Sub(x.Now), events.FormatInstant(first.NotAfter)
	f := x.find(Certificate, file, OK, "“%s”的证书到 %s 为止，还有 %s",
		"the certificate of %s is valid until %s, for %s", name, until, span(left))
	switch {
	case late.NotBefore.After(x.Now):
		f.State, f.Found = Wrong, text.Say("“%s”的证书从 %s 起才有效", "the certificate of %s is not valid before %s",
			nameOf(late, file), events.FormatInstant(late.NotBefore))
		f.todo("先核对时钟，再核对证书", "check the clock first, then the certificate").
			typed("date", "openssl x509 -noout -dates -in "+x.Quote(file))
		return false
	case left <= 0:
		f.State, f.Found = Wrong, text.Say("“%s”的证书已于 %s 到期", "the certificate of %s ended on %s", name, until)
	case left < endWrong:
		f.State = Wrong
	case left < endWarning:
		f.State = Warning
	default:
		return true
	}
	f.todo("换上新的证书和私钥；服务会自动重新读取，无须重新启动",
		"replace certificate and key; a server reads them again by itself").
		typed("openssl x509 -noout -subject -dates -in " + x.Quote(file))
	return left > 0
}

// names compares the names in a certificate with those under which the server is asked.
func (x *examination) names(file string, c *x509.Certificate) {
	names := slices.Clone(x.Serving.Hosts)
	if host, _, err := net.SplitHostPort(x.Serving.Listen); err == nil {
		ip := net.ParseIP(host)
		isName := ip == nil && host != "" && host != "localhost"
		if isName || ip != nil && !ip.IsUnspecified() && !ip.IsLoopback() {
			names = append(names, host)
		}
	}
	good := true
	for _, name := range names {
		if err := c.VerifyHostname(name); err != nil {
			good = false
			x.find(Certificate, file, Wrong, "证书不包含名称 %s，浏览器会拒绝",
				"the certificate is not for %s, and browsers refuse it", name).
				todo("申请包含全部名称的证书", "get one for all names").
				typed("openssl x509 -noout -ext subjectAltName -in " + x.Quote(file))
		}
	}
	if good && len(names) > 0 {
		x.find(Certificate, file, OK, "证书包含全部名称", "the certificate is for every name")
	}
}
