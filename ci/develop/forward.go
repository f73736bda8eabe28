package develop

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
)

// Forward makes a port of this machine one of another machine's: what Dagger serves to a caller are the ports of one container.
type Forward struct {
	// Port is where this machine listens, on each of its addresses. 0 is any port that is free.
	Port uint16
	// To is a host and a port.
	To string
}

// ParseForward reads a port, and where it leads: PORT=HOST:PORT.
func ParseForward(text string) (Forward, error) {
	port, to, _ := strings.Cut(text, "=")
	number, err := strconv.ParseUint(port, 10, 16)
	host, other, unsplit := net.SplitHostPort(to)
	if err != nil || number == 0 || unsplit != nil || host == "" || other == "" {
		return Forward{}, fmt.Errorf("%q says no port, or not where it leads; write it like 8025=mail:8025", text)
	}
	return Forward{Port: uint16(number), To: to}, nil
}

// Start listens, and gives where. Until the context ends, each connection is led on; one that leads nowhere is told, and closed.
func (f Forward) Start(ctx context.Context, out io.Writer) (net.Addr, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", fmt.Sprintf(":%d", f.Port))
	if err != nil {
		return nil, fmt.Errorf("forwarding to %s: %w", f.To, err)
	}
	context.AfterFunc(ctx, func() { _ = listener.Close() })
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				if ctx.Err() == nil {
					fmt.Fprintf(out, "develop: nothing more is forwarded to %s: %s\n", f.To, err)
				}
				return
			}
			go f.lead(ctx, client, out)
		}
	}()
	return listener.Addr(), nil
}

// lead copies both ways until both have ended, or the context has.
func (f Forward) lead(ctx context.Context, client net.Conn, out io.Writer) {
	defer client.Close() //nolint:errcheck // all was copied, or nobody is there
	server, err := new(net.Dialer).DialContext(ctx, "tcp", f.To)
	if err != nil {
		if ctx.Err() == nil {
			fmt.Fprintf(out, "develop: a connection was not forwarded to %s: %s\n", f.To, err)
		}
		return
	}
	defer server.Close() //nolint:errcheck // all was copied, or nobody is there
	end := func() { _ = errors.Join(client.Close(), server.Close()) }
	defer context.AfterFunc(ctx, end)()
	var ways sync.WaitGroup
	for from, to := range map[net.Conn]net.Conn{client: server, server: client} {
		ways.Go(func() {
			if _, err := io.Copy(to, from); err != nil {
				end() // who is lost on one side is missed on the other
				return
			}
			if half, ok := to.(interface{ CloseWrite() error }); ok {
				_ = half.CloseWrite() // the other way goes on
			}
		})
	}
	ways.Wait()
}
