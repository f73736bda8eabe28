package release

import "context"

// guarded is a Writer that writes while the run holds the Lease and at no other time.
type guarded struct {
	writer Writer
	lease  *lease
}

// Apply implements Writer.
func (g guarded) Apply(ctx context.Context, object []byte) error {
	return g.allow(func() error { return g.writer.Apply(ctx, object) })
}

// Label implements Writer.
func (g guarded) Label(ctx context.Context, namespace, kind, name string, labels map[string]string) error {
	return g.allow(func() error { return g.writer.Label(ctx, namespace, kind, name, labels) })
}

// Delete implements Writer.
func (g guarded) Delete(ctx context.Context, q Query) error {
	return g.allow(func() error { return g.writer.Delete(ctx, q) })
}

// Scale implements Writer.
func (g guarded) Scale(ctx context.Context, namespace, kind, name string, seen, wanted int) error {
	return g.allow(func() error { return g.writer.Scale(ctx, namespace, kind, name, seen, wanted) })
}

// Upgrade implements Writer.
func (g guarded) Upgrade(ctx context.Context, c Chart) error {
	return g.allow(func() error { return g.writer.Upgrade(ctx, c) })
}

// Rollback implements Writer.
func (g guarded) Rollback(ctx context.Context, namespace, release string, revision int) error {
	return g.allow(func() error { return g.writer.Rollback(ctx, namespace, release, revision) })
}

// Uninstall implements Writer.
func (g guarded) Uninstall(ctx context.Context, namespace, release string) error {
	return g.allow(func() error { return g.writer.Uninstall(ctx, namespace, release) })
}

// Test implements Writer: it makes pods.
func (g guarded) Test(ctx context.Context, namespace, release string) error {
	return g.allow(func() error { return g.writer.Test(ctx, namespace, release) })
}

func (g guarded) allow(write func() error) error {
	if err := g.lease.valid(); err != nil {
		return err
	}
	return write()
}
