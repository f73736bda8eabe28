package secret

import (
	"bytes"
	"io"
)

// Writer masks what goes through it as Redact does, one line after another.
type Writer struct {
	to      io.Writer
	secrets []string
	// rest is the beginning of a line whose end has not come.
	rest []byte
}

// NewWriter masks the given secrets, and what looks like one. Whoever uses it closes it.
func NewWriter(to io.Writer, secrets []string) *Writer { return &Writer{to: to, secrets: secrets} }

// Write passes on the lines that are whole.
func (w *Writer) Write(p []byte) (int, error) {
	w.rest = append(w.rest, p...)
	end := bytes.LastIndexByte(w.rest, '\n') + 1
	lines := w.rest[:end]
	w.rest = w.rest[end:]
	return len(p), w.pass(lines)
}

// Close passes on a last line without an end.
func (w *Writer) Close() error {
	last := w.rest
	w.rest = nil
	return w.pass(last)
}

func (w *Writer) pass(text []byte) error {
	if len(text) == 0 {
		return nil
	}
	_, err := io.WriteString(w.to, Redact(string(text), w.secrets))
	return err
}
