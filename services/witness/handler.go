package witness

import (
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"go.uber.org/zap"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/seal"
)

// addCheckpoint is the path of the only request of a witness.
const addCheckpoint = "/add-checkpoint"

// The bounds of a request.
const (
	headerBytesMax = 16 << 10
	requestWait    = 10 * time.Second // to read a request, and to answer it
	idleWait       = time.Minute
)

// sizeType is the content type of an answer that names the size that the witness knows.
const sizeType = "text/x.tlog.size"

// Server returns an HTTP server that answers for a witness. Requests and answers have deadlines and bounds.
func (w *Witness) Server(log *zap.Logger) *http.Server {
	return &http.Server{Handler: w.Handler(log), ReadTimeout: requestWait, WriteTimeout: 2 * requestWait,
		IdleTimeout: idleWait, MaxHeaderBytes: headerBytesMax}
}

// Handler answers add-checkpoint of c2sp.org/tlog-witness. Everybody may ask: a request is worth what the signature of
// the ledger in it is worth. log gets a line for each checkpoint that is cosigned or refused.
func (w *Witness) Handler(log *zap.Logger) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+addCheckpoint, func(to http.ResponseWriter, asked *http.Request) {
		w.answer(to, asked, log)
	})
	return mux
}

func (w *Witness) answer(to http.ResponseWriter, asked *http.Request, log *zap.Logger) {
	body, err := io.ReadAll(http.MaxBytesReader(to, asked.Body, seal.RequestBytesMax))
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		http.Error(to, "the request is too large", http.StatusRequestEntityTooLarge)
		return
	} else if err != nil {
		http.Error(to, "the request ended early", http.StatusBadRequest)
		return
	}
	r, err := seal.ParseRequest(body)
	if err != nil {
		http.Error(to, text.Printable(err.Error()), http.StatusBadRequest)
		return
	}
	log = log.With(zap.String("origin", r.Checkpoint.Origin), zap.Uint64("size", r.Checkpoint.Size),
		zap.String("from", asked.RemoteAddr))
	line, err := w.Cosign(r)
	if err != nil {
		log.Warn("checkpoint refused", zap.Error(err))
		refuse(to, err)
		return
	}
	log.Info("checkpoint cosigned")
	to.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = io.WriteString(to, line.String()+"\n") // the asker may have gone
}

// refuse answers with the status that tlog-witness gives an error. Of two checkpoints of one size it wants 409.
func refuse(to http.ResponseWriter, err error) {
	var conflict *ConflictError
	var fork *ForkError
	known := uint64(0)
	switch {
	case errors.As(err, &conflict):
		known = conflict.Known
	case errors.As(err, &fork) && fork.Held.Size == fork.Offered.Size:
		known = fork.Held.Size
	default:
		status := http.StatusInternalServerError
		switch text.CodeOf(err) {
		case text.Invalid:
			status = http.StatusBadRequest
		case text.Forbidden:
			status = http.StatusForbidden
		case text.NotFound:
			status = http.StatusNotFound
		case text.Refused:
			status = http.StatusUnprocessableEntity
		}
		http.Error(to, text.Printable(reason(err)), status)
		return
	}
	to.Header().Set("Content-Type", sizeType)
	to.WriteHeader(http.StatusConflict)
	_, _ = io.WriteString(to, strconv.FormatUint(known, 10)+"\n")
}

// reason returns the words of an answer, which name no file of the witness.
func reason(err error) string {
	var fork *ForkError
	switch {
	case errors.As(err, &fork):
		nameless := *fork
		nameless.Path = ""
		return nameless.Error()
	case text.CodeOf(err) == text.Internal:
		return "the witness cannot cosign; its log says why"
	}
	return err.Error()
}
