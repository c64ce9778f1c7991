package kurrenttest

import (
	"context"
	"net"
	"sync"
)

// wires is a listener that can break or pause the connections that it has accepted.
type wires struct {
	net.Listener

	mu   sync.Mutex
	open map[string]*wire // by the client's address
	gate chan struct{}    // closed unless paused
	more *sync.Cond       // on mu: something was written
}

// wire is one connection. It parses the HTTP/2 frames to the client to know how many bytes of answers were sent,
// because gRPC reports only that answers are queued.
type wire struct {
	net.Conn
	all *wires

	data   int     // bytes sent in DATA frames, guarded by all.mu
	head   [9]byte // of the frame that is being written: three bytes of length, one of type, and so on
	have   int     // bytes of head
	left   int     // bytes of the frame that are not sent yet
	isData bool    // whether it is a DATA frame
}

func newWires(l net.Listener) *wires {
	w := &wires{Listener: l, open: map[string]*wire{}, gate: make(chan struct{})}
	w.more = sync.NewCond(&w.mu)
	close(w.gate)
	return w
}

// Accept implements net.Listener.
func (w *wires) Accept() (net.Conn, error) {
	c, err := w.Listener.Accept()
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	out := &wire{Conn: c, all: w}
	w.open[c.RemoteAddr().String()] = out
	return out, nil
}

func (w *wires) pause() {
	w.mu.Lock()
	defer w.mu.Unlock()
	select {
	case <-w.gate:
		w.gate = make(chan struct{})
	default: // the node is paused already
	}
}

func (w *wires) resume() {
	w.mu.Lock()
	defer w.mu.Unlock()
	select {
	case <-w.gate:
	default:
		close(w.gate)
	}
}

func (w *wires) pass() {
	w.mu.Lock()
	gate := w.gate
	w.mu.Unlock()
	<-gate
}

func (w *wires) count() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.open)
}

func (w *wires) find(address string) *wire {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.open[address]
}

// sent returns the number of bytes of answers that were sent.
func (c *wire) sent() int {
	c.all.mu.Lock()
	defer c.all.mu.Unlock()
	return c.data
}

// await waits until a number of bytes of answers were sent, or until ctx ends.
func (c *wire) await(ctx context.Context, bytes int) {
	stop := context.AfterFunc(ctx, func() {
		c.all.mu.Lock() // with the lock, so that the wake-up cannot fall between the check of ctx and the wait
		defer c.all.mu.Unlock()
		c.all.more.Broadcast()
	})
	defer stop()
	c.all.mu.Lock()
	defer c.all.mu.Unlock()
	for c.data < bytes && ctx.Err() == nil {
		c.all.more.Wait()
	}
}

// count adds bytes that were sent.
func (c *wire) count(b []byte) {
	c.all.mu.Lock()
	defer c.all.mu.Unlock()
	for len(b) > 0 {
		if c.left == 0 {
			n := copy(c.head[c.have:], b)
			c.have, b = c.have+n, b[n:]
			if c.have == len(c.head) {
				c.have, c.left = 0, int(c.head[0])<<16|int(c.head[1])<<8|int(c.head[2])
				c.isData = c.head[3] == 0
			}
			continue
		}
		n := min(c.left, len(b))
		if c.isData {
			c.data += n
		}
		c.left, b = c.left-n, b[n:]
	}
	c.all.more.Broadcast()
}

func (w *wires) cut(address string) {
	if c := w.find(address); c != nil {
		c.Close()
	}
}

func (w *wires) cutAll() {
	w.mu.Lock()
	addresses := make([]string, 0, len(w.open))
	for a := range w.open {
		addresses = append(addresses, a)
	}
	w.mu.Unlock()
	for _, a := range addresses {
		w.cut(a)
	}
}

// Read implements net.Conn. It holds back bytes while the node is paused.
func (c *wire) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.all.pass()
	return n, err
}

// Write implements net.Conn.
func (c *wire) Write(b []byte) (int, error) {
	c.all.pass()
	n, err := c.Conn.Write(b)
	c.count(b[:n])
	return n, err
}

// Close implements net.Conn.
func (c *wire) Close() error {
	c.all.mu.Lock()
	delete(c.all.open, c.RemoteAddr().String())
	c.all.mu.Unlock()
	return c.Conn.Close()
}
