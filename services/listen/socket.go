package listen

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// SocketName is the name of the socket in the directory of a ledger.
const SocketName = "taizhang.sock"

// socketMode lets only the user who runs the server, and root, connect.
const socketMode = 0o600

// Socket is the Unix socket in the directory of a ledger.
type Socket struct {
	*net.UnixListener
	dir     *os.File // kept open, so that the path of the socket is short even if the path of the directory is long
	closing sync.Once
}

// OpenSocket makes the socket in a directory and listens on it. The caller has locked the directory, so an
// existing socket was left by a process that died; it is replaced. A file of that name that is no socket is an error.
func OpenSocket(dir string) (*Socket, error) {
	d, err := openDir(dir)
	if err != nil {
		return nil, err
	}
	s := &Socket{dir: d}
	if err := s.listen(); err != nil {
		return nil, errors.Join(fmt.Errorf("listen: socket in %s: %w", dir, err), d.Close())
	}
	return s, nil
}

func (s *Socket) listen() error {
	var left unix.Stat_t
	err := unix.Fstatat(int(s.dir.Fd()), SocketName, &left, unix.AT_SYMLINK_NOFOLLOW)
	switch {
	case err == nil && left.Mode&unix.S_IFMT != unix.S_IFSOCK:
		return &os.PathError{Op: "listen", Path: filepath.Join(s.dir.Name(), SocketName), Err: os.ErrExist}
	case err == nil:
		if err := s.remove(); err != nil {
			return err
		}
	case !errors.Is(err, os.ErrNotExist):
		return err
	}
	// On Linux the file of a socket gets the mode of the socket when it is bound, so set the mode before: the file
	// never has another mode.
	config := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) (err error) {
		failed := c.Control(func(fd uintptr) { err = unix.Fchmod(int(fd), socketMode) })
		return errors.Join(failed, err)
	}}
	l, err := config.Listen(context.Background(), "unix", pathThrough(s.dir))
	if err != nil {
		return err
	}
	s.UnixListener = l.(*net.UnixListener)
	s.SetUnlinkOnClose(false) // Close removes the file itself and returns the error if that fails
	return nil
}

// Close removes the socket and ends listening.
func (s *Socket) Close() (err error) {
	s.closing.Do(func() { err = errors.Join(s.remove(), s.UnixListener.Close(), s.dir.Close()) })
	return err
}

func (s *Socket) remove() error {
	err := unix.Unlinkat(int(s.dir.Fd()), SocketName, 0)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

// DialSocket connects to the socket in a directory. The error is os.ErrNotExist if there is no socket,
// syscall.ECONNREFUSED if the process that made it is gone, and os.ErrPermission if this user may not connect.
func DialSocket(ctx context.Context, dir string) (net.Conn, error) {
	d, err := openDir(dir)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	var dialer net.Dialer
	return dialer.DialContext(ctx, "unix", pathThrough(d))
}

// openDir opens a directory without reading it, so that the right to read it is not needed.
func openDir(dir string) (*os.File, error) {
	fd, err := unix.Open(dir, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: dir, Err: err}
	}
	return os.NewFile(uintptr(fd), dir), nil
}

// pathThrough returns the path of the socket in an open directory. The address of a Unix socket has at most 107 bytes,
// and this path is always shorter.
func pathThrough(d *os.File) string {
	return "/proc/self/fd/" + strconv.Itoa(int(d.Fd())) + "/" + SocketName
}

// Peer is the process at the other end of a Unix socket, as the kernel reports it.
type Peer struct {
	UID     uint32
	Process int
}

// PeerOf returns the process at the other end of a connection. It is an error for a connection that is no Unix socket.
func PeerOf(c net.Conn) (Peer, error) {
	for {
		inner, wraps := c.(interface{ NetConn() net.Conn })
		if !wraps {
			break
		}
		c = inner.NetConn()
	}
	u, ok := c.(*net.UnixConn)
	if !ok {
		return Peer{}, fmt.Errorf("listen: peer of %T: expected a Unix socket", c)
	}
	raw, err := u.SyscallConn()
	if err != nil {
		return Peer{}, err
	}
	var cred *unix.Ucred
	failed := raw.Control(func(fd uintptr) {
		cred, err = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	})
	if err := errors.Join(failed, err); err != nil {
		return Peer{}, fmt.Errorf("listen: peer of a socket: %w", err)
	}
	return Peer{UID: cred.Uid, Process: int(cred.Pid)}, nil
}
