package consumer

import "context"

// ErrGap is what Begin returns when messages went to another program.
var ErrGap = errGap

// Begin sets the durable consumer back to the first message.
func (c Connection) Begin(ctx context.Context) error {
	l, err := c.dial(ctx)
	if err != nil {
		return err
	}
	defer l.close()
	d, err := l.consumer(ctx)
	if err != nil {
		return err
	}
	_, err = l.begin(ctx, d, 1)
	return err
}
