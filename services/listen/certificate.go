package listen

import (
	"crypto/tls"
	"errors"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"go.uber.org/zap"

	"github.com/taizhang/taizhang/events/text"
)

// certificateStays is the time for which a certificate is used before its files are checked for changes.
const certificateStays = time.Second

// Certificate is a certificate with its key: the last matching pair that was read from its two files.
type Certificate struct {
	certFile, keyFile string
	log               *zap.Logger
	current           atomic.Pointer[tls.Certificate]

	mu     sync.Mutex // held by the one handshake that checks the files
	looked time.Time
	files  [2]os.FileInfo // as they were when they were read
}

// LoadCertificate reads a certificate and its key, both PEM. The file of the key must be private, as Private says.
func LoadCertificate(certFile, keyFile string, log *zap.Logger) (*Certificate, error) {
	c := &Certificate{certFile: certFile, keyFile: keyFile, log: log, looked: time.Now()}
	files, err := c.stat()
	if err != nil {
		return nil, err
	}
	if err := c.load(files); err != nil {
		return nil, err
	}
	return c, nil
}

// Config returns the configuration of TLS with this certificate.
func (c *Certificate) Config() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			c.refresh()
			return c.current.Load(), nil
		}}
}

// End returns the end of the certificate that the next client gets.
func (c *Certificate) End() time.Time {
	c.refresh()
	return c.current.Load().Leaf.NotAfter
}

// refresh reads the files again if they changed. Only one caller at a time does so, at most once in
// certificateStays. If the files hold no matching pair, the old certificate stays in use until they change again.
func (c *Certificate) refresh() {
	if !c.mu.TryLock() {
		return
	}
	defer c.mu.Unlock()
	if now := time.Now(); now.Sub(c.looked) < certificateStays {
		return
	} else {
		c.looked = now
	}
	files, err := c.stat()
	if err == nil {
		if unchanged(files[0], c.files[0]) && unchanged(files[1], c.files[1]) {
			return
		}
		err = c.load(files)
	}
	if err != nil {
		c.log.Error("the certificate could not be loaded again; the one before stays", zap.Error(err))
		return
	}
	c.log.Info("the certificate was loaded again", zap.String("file", c.certFile),
		zap.Time("until", c.current.Load().Leaf.NotAfter))
}

func (c *Certificate) stat() (files [2]os.FileInfo, err error) {
	for i, name := range []string{c.certFile, c.keyFile} {
		if files[i], err = os.Stat(name); err != nil {
			return files, err
		}
	}
	return files, nil
}

func unchanged(a, b os.FileInfo) bool {
	return os.SameFile(a, b) && a.ModTime().Equal(b.ModTime()) && a.Size() == b.Size()
}

// load reads the files. Its argument holds their state before reading.
func (c *Certificate) load(files [2]os.FileInfo) error {
	c.files = files
	if err := Private(c.keyFile); err != nil {
		return err
	}
	pair, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	if err != nil {
		var file *os.PathError
		if errors.As(err, &file) {
			return err
		}
		return text.Errorf(text.Invalid, "%s 与 %s 不是一对证书和私钥：%v",
			"%s and %s are no certificate with its key: %v", c.certFile, c.keyFile, err)
	}
	c.current.Store(&pair)
	return nil
}

// Private returns an error if others than the owner can read or write a file that holds a secret. The group may read a
// file of root that this process, which is not root's, is given: a secret of a cluster of containers, or one below
// /etc, comes with root as its owner, and the process could not read it otherwise.
func Private(file string) error { return PrivateTo(file, uint32(os.Geteuid())) }

// PrivateTo does the same as Private for a process of another user.
func PrivateTo(file string, user uint32) error {
	info, err := os.Stat(file)
	if err != nil {
		return err
	}
	if info.IsDir() {
		return &os.PathError{Op: "open", Path: file, Err: syscall.EISDIR}
	}
	owner := user
	if sys, ok := info.Sys().(*syscall.Stat_t); ok {
		owner = sys.Uid
	}
	if mode := info.Mode().Perm(); !isPrivate(mode, owner, user) {
		return text.Errorf(text.Forbidden,
			"%s 含有机密，他人可以读取（权限 %04o）；请改为 0600（属主为 root 而由组读取的，改为 0640）",
			"%s holds a secret and others may read it (mode %04o); make it 0600, or 0640 if it is root's and read by "+
				"the group", file, mode)
	}
	return nil
}

// isPrivate reports whether a file with this mode and owner may hold a secret of the user self.
func isPrivate(mode os.FileMode, owner, self uint32) bool {
	if owner == 0 && self != 0 {
		return mode&0o037 == 0
	}
	return mode&0o077 == 0
}
