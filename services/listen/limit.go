package listen

import (
	"net"
	"sync"
)

// Limit returns a listener that keeps at most connectionsMax connections open. Further ones wait in the queue of the
// system. One network address may have at most half of the connections; further ones from it are closed at once, so
// that one client or a faulty proxy cannot keep all others out.
func Limit(l net.Listener, connectionsMax int) net.Listener {
	return &limited{Listener: l, open: make(chan struct{}, connectionsMax), closed: make(chan struct{}),
		addressMax: max(1, connectionsMax/2), of: map[string]int{}}
}

type limited struct {
	net.Listener
	open    chan struct{} // has one element for each open connection
	closed  chan struct{}
	closing sync.Once

	addressMax int
	mu         sync.Mutex
	of         map[string]int // connections by address
}

// Accept implements net.Listener.
func (l *limited) Accept() (net.Conn, error) {
	select {
	case l.open <- struct{}{}:
	case <-l.closed:
		return nil, net.ErrClosed
	}
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			<-l.open
			return nil, err
		}
		leave, ok := l.enter(c.RemoteAddr())
		if !ok {
			_ = c.Close() // nothing was sent, so an error of Close loses nothing
			continue
		}
		return &counted{Conn: c, leave: sync.OnceFunc(func() { leave(); <-l.open })}, nil
	}
}

// enter counts a connection of an address. ok is false if the address has too many. Connections of a Unix socket have
// no address and are not counted.
func (l *limited) enter(address net.Addr) (leave func(), ok bool) {
	at, isTCP := address.(*net.TCPAddr)
	if !isTCP {
		return func() {}, true
	}
	host := at.IP.String()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.of[host] == l.addressMax {
		return nil, false
	}
	l.of[host]++
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.of[host]--; l.of[host] == 0 {
			delete(l.of, host)
		}
	}, true
}

// Close implements net.Listener.
func (l *limited) Close() error {
	l.closing.Do(func() { close(l.closed) })
	return l.Listener.Close()
}

// counted is a connection of a limited listener. Closing it makes room for another one.
type counted struct {
	net.Conn
	leave func()
}

// Close implements net.Conn.
func (c *counted) Close() error {
	defer c.leave()
	return c.Conn.Close()
}

// NetConn returns the connection itself.
func (c *counted) NetConn() net.Conn { return c.Conn }
