package query

import (
	"bufio"
	"crypto/tls"
	"net"
	"sync"
	"time"
)

// Either makes one listener of two: a connection that begins with a TLS handshake gets TLS, any other is left as it is.
// kubectl sends credentials over TLS alone, people open the page of their own machine without a certificate.
func Either(l net.Listener, c *tls.Config) net.Listener {
	e := &either{Listener: l, tls: c, ready: make(chan net.Conn), closed: make(chan struct{})}
	go e.accept()
	return e
}

type either struct {
	net.Listener
	tls    *tls.Config
	ready  chan net.Conn
	closed chan struct{}
	once   sync.Once
	err    error // of Accept, once closed
}

// firstByte is how long a connection may wait before it says anything. Browsers open some ahead of need.
const firstByte = time.Minute

// accept hands out connections once their first byte is there.
func (e *either) accept() {
	for {
		conn, err := e.Listener.Accept()
		if err != nil {
			e.once.Do(func() { e.err = err; close(e.closed) })
			return
		}
		go func() {
			r := bufio.NewReaderSize(conn, 1)
			_ = conn.SetReadDeadline(time.Now().Add(firstByte))
			first, err := r.Peek(1)
			_ = conn.SetReadDeadline(time.Time{})
			if err != nil {
				conn.Close()
				return
			}
			var begun net.Conn = &peeked{Conn: conn, r: r}
			if first[0] == handshake {
				begun = tls.Server(begun, e.tls)
			}
			select {
			case e.ready <- begun:
			case <-e.closed:
				conn.Close()
			}
		}()
	}
}

// handshake is the type of the record that a TLS connection begins with.
const handshake = 0x16

func (e *either) Accept() (net.Conn, error) {
	select {
	case conn := <-e.ready:
		return conn, nil
	case <-e.closed:
		return nil, e.err
	}
}

func (e *either) Close() error {
	err := e.Listener.Close()
	e.once.Do(func() { e.err = net.ErrClosed; close(e.closed) })
	return err
}

// peeked is a connection of which the first byte was read.
type peeked struct {
	net.Conn
	r *bufio.Reader
}

func (p *peeked) Read(b []byte) (int, error) { return p.r.Read(b) }
