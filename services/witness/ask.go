package witness

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/seal"
)

// askWait is the time for one request to a witness.
const askWait = 10 * time.Second

// answerBytesMax bounds what is read of an answer.
const answerBytesMax = 64 << 10

// RequestFunc returns the request for the newest checkpoint of a ledger that starts at an older size.
type RequestFunc func(old uint64) (*seal.Request, error)

// Ask asks a witness over HTTP for its cosignature. old is the size of the newest checkpoint that has its cosignature,
// 0 for none. If the witness knows a larger size, Ask asks once more from there. The cosignature that it returns is
// verified. The code of the error is text.Unavailable if asking again later may help, and text.Refused if the witness
// contradicts the ledger: it knows a longer or another history, or it has forgotten what it cosigned. Ask returns when
// ctx ends; each request has a deadline of ten seconds besides.
func Ask(ctx context.Context, client *http.Client, w seal.Witness, old uint64, request RequestFunc) (seal.Line,
	error) {
	a, err := post(ctx, client, w, old, request)
	if err != nil {
		return seal.Line{}, err
	}
	if known, ok := a.known(); ok && known > old && known <= a.to.Checkpoint.Size {
		if a, err = post(ctx, client, w, known, request); err != nil {
			return seal.Line{}, err
		}
	}
	return a.line()
}

// answer is what a witness answered to a request.
type answer struct {
	from   seal.Witness
	to     *seal.Request
	status int
	body   []byte
}

// post sends the request that starts at a size, and reads the answer.
func post(ctx context.Context, client *http.Client, w seal.Witness, old uint64, request RequestFunc) (a *answer,
	err error) {
	a = &answer{from: w}
	if a.to, err = request(old); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, askWait)
	defer cancel()
	asked, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(w.URL, "/")+addCheckpoint,
		bytes.NewReader(a.to.Bytes()))
	if err != nil {
		return nil, text.Errorf(text.Invalid, "见证方 %s 的地址 %q 不对",
			"the URL %[2]q of the witness %[1]s is wrong", w.Name, w.URL)
	}
	asked.Header.Set("Content-Type", "text/plain; charset=utf-8")
	answered, err := client.Do(asked)
	if err != nil {
		return nil, unreachable(w, err)
	}
	defer answered.Body.Close()
	a.status = answered.StatusCode
	if a.body, err = io.ReadAll(io.LimitReader(answered.Body, answerBytesMax)); err != nil {
		return nil, unreachable(w, err)
	}
	return a, nil
}

func unreachable(w seal.Witness, err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return text.Errorf(text.Unavailable, "见证方 %s 没有及时答复", "the witness %s did not answer in time", w.Name)
	}
	return &text.Error{Code: text.Unavailable, Cause: err,
		What: text.Say("连接不上见证方 %s：%s", "the witness %s cannot be reached: %s", w.Name, because(err))}
}

// because returns the words for an error of the network. The library has words in English alone.
func because(err error) text.Text {
	var dns *net.DNSError
	var untrusted *tls.CertificateVerificationError
	said := text.Text{Zh: "通信出错", En: err.Error()}
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		said.Zh = "对方拒绝连接，服务可能没有运行"
	case errors.As(err, &dns):
		said.Zh = "找不到主机 " + dns.Name
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH):
		said.Zh = "网络不通"
	case errors.As(err, &untrusted):
		said.Zh = "对方的证书不受信任"
	case errors.Is(err, http.ErrSchemeMismatch):
		said.Zh = "对方不用 TLS，地址应以 http:// 开头"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		said.Zh = "对方中断了连接"
	case errors.Is(err, context.Canceled):
		said.Zh = "请求已中止"
	}
	return said
}

// known returns the size that a witness names in a conflict, if the answer is one.
func (a *answer) known() (size uint64, ok bool) {
	size, err := strconv.ParseUint(strings.TrimSuffix(string(a.body), "\n"), 10, 64)
	return size, a.status == http.StatusConflict && err == nil
}

// conflict returns the error of an answer that names another size than the request, or that size for another tree.
func (a *answer) conflict() error {
	known, ok := a.known()
	switch {
	case !ok:
		return a.contradicts(text.Say("它不说明已知的条数", "it refuses and names no size"))
	case known > a.to.Checkpoint.Size:
		return a.contradicts((&ConflictError{Old: a.to.Old, Known: known, Size: a.to.Checkpoint.Size}).Text())
	case known < a.to.Old:
		return a.contradicts(text.Say("它只记得 %d 条，却签过 %d 条的检查点：它的状态已丢失，须换新的名称另建",
			"it knows %d records, but cosigned a checkpoint of %d: it lost its state and must take a new name",
			known, a.to.Old))
	case known == a.to.Old:
		return a.contradicts(text.Say("它签过同为 %d 条的另一个检查点",
			"it cosigned another checkpoint of %d records", known))
	}
	return text.Errorf(text.Unavailable, "见证方 %s 刚为另一个请求签过，请稍后再问",
		"the witness %s has just cosigned for another asker; ask again", a.from.Name)
}

// contradicts returns the error that a witness and the ledger do not agree.
func (a *answer) contradicts(why text.Text) error {
	return &text.Error{Code: text.Refused, What: text.Text{Zh: "见证方 " + a.from.Name + " 不签：" + why.Zh,
		En: "the witness " + a.from.Name + " does not cosign: " + why.En}}
}

// line returns the cosignature in an answer, once it is verified.
func (a *answer) line() (seal.Line, error) {
	words := text.Printable(text.Clip(strings.TrimSpace(string(a.body)), 200)) // in English, as the protocol has it
	switch {
	case a.status == http.StatusOK:
	case a.status == http.StatusConflict:
		return seal.Line{}, a.conflict()
	case a.status == http.StatusNotFound:
		return seal.Line{}, a.contradicts(text.Say("它不认识这份台账，须由其运行 taizhang witness trust",
			"it does not know this ledger; its operator adds it with taizhang witness trust"))
	case a.status >= http.StatusInternalServerError || a.status == http.StatusTooManyRequests:
		return seal.Line{}, &text.Error{Code: text.Unavailable, What: text.Text{
			Zh: fmt.Sprintf("见证方 %s 现在不能签（答复 %d）", a.from.Name, a.status),
			En: fmt.Sprintf("the witness %s answers %d: %s", a.from.Name, a.status, words)}}
	case a.status == http.StatusUnprocessableEntity:
		return seal.Line{}, a.contradicts(text.Text{
			Zh: "所给的证明不能说明新的检查点是它签过的检查点的延续（答复 422）", En: "it answers 422: " + words})
	case a.status == http.StatusForbidden:
		return seal.Line{}, a.contradicts(text.Text{
			Zh: "检查点没有它所信任的台账公钥的签名（答复 403）", En: "it answers 403: " + words})
	default:
		return seal.Line{}, a.contradicts(text.Text{
			Zh: fmt.Sprintf("它不接受这个请求（答复 %d）", a.status),
			En: fmt.Sprintf("it answers %d: %s", a.status, words)})
	}
	for l := range strings.Lines(string(a.body)) {
		line, err := seal.ParseLine(strings.TrimSuffix(l, "\n"))
		if err != nil || line.Name != a.from.Key.Name || line.ID != a.from.Key.ID() {
			continue // of a key that is not in the policy
		}
		signed := &seal.Signed{Checkpoint: a.to.Checkpoint.Checkpoint, Lines: []seal.Line{line}}
		if _, err := signed.CosignedBy(a.from.Key); err == nil {
			return line, nil
		}
	}
	return seal.Line{}, a.contradicts(text.Say("答复中没有其公钥的有效签名",
		"its answer has no valid signature of its key"))
}
