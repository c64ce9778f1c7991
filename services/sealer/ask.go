package sealer

import (
	"context"
	"net/http"
	"sync"

	"github.com/taizhang/taizhang/services/seal"
	"github.com/taizhang/taizhang/services/sealing"
	"github.com/taizhang/taizhang/services/witness"
)

// Asked is what a witness answered to the request for the newest checkpoint. Err is nil if it cosigned.
type Asked struct {
	Witness string // its name in the policy
	Err     error
}

// NewClient returns the client for asking witnesses. It follows no redirect: the address of a witness is that of the
// policy.
func NewClient() *http.Client {
	return &http.Client{Transport: &http.Transport{Proxy: http.ProxyFromEnvironment},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// AskAll asks all witnesses of the policy that have an address on the network and have not cosigned the newest
// checkpoint, at the same time, and adds what they answer to the checkpoint. It returns the answers in the order of
// the policy. It returns when ctx ends.
func AskAll(ctx context.Context, seals *sealing.Keeper, client *http.Client) ([]Asked, error) {
	newest, err := seals.Newest()
	if err != nil {
		return nil, err
	}
	policy, err := seals.Witnesses()
	if err != nil || policy == nil {
		return nil, err
	}
	var missing []seal.Witness
	for _, w := range policy.Witnesses {
		if _, err := newest.CosignedBy(w.Key); err != nil && w.Online() {
			missing = append(missing, w)
		}
	}
	asked := make([]Asked, len(missing))
	var asking sync.WaitGroup
	for i, w := range missing {
		asking.Go(func() { asked[i] = Asked{w.Name, ask(ctx, seals, client, w)} })
	}
	asking.Wait()
	return asked, nil
}

func ask(ctx context.Context, seals *sealing.Keeper, client *http.Client, w seal.Witness) error {
	known, err := seals.Known(w.Key)
	if err != nil {
		return err
	}
	line, err := witness.Ask(ctx, client, w, known,
		func(old uint64) (*seal.Request, error) { return seals.Request(ctx, old) })
	if err != nil {
		return err
	}
	answer := sealing.File{Name: w.Name + sealing.CosignatureEnd, Content: []byte(line.String() + "\n")}
	_, err = seals.Add(ctx, []sealing.File{answer})
	return err
}
