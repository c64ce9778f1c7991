package listen

import (
	"net"
	"sync"
)

// Limit returns a listener that has at most so many connections open. More of them wait in the queue of the system.
func Limit(l net.Listener, connectionsMax int) net.Listener {
	return &limited{Listener: l, open: make(chan struct{}, connectionsMax), closed: make(chan struct{})}
}

type limited struct {
	net.Listener
	open    chan struct{} // one for each connection
	closed  chan struct{}
	closing sync.Once
}

// Accept implements net.Listener.
func (l *limited) Accept() (net.Conn, error) {
	select {
	case l.open <- struct{}{}:
	case <-l.closed:
		return nil, net.ErrClosed
	}
	c, err := l.Listener.Accept()
	if err != nil {
		<-l.open
		return nil, err
	}
	return &counted{Conn: c, leave: sync.OnceFunc(func() { <-l.open })}, nil
}

// Close implements net.Listener.
func (l *limited) Close() error {
	l.closing.Do(func() { close(l.closed) })
	return l.Listener.Close()
}

// counted is a connection of a limited listener.
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
