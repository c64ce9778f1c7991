package kurrentstore

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

// refuse returns an error about a connection string. The error never repeats a password.
func refuse(zh, en string, args ...any) error {
	return text.Errorf(text.Invalid, "连接串不能用："+zh, "the connection string cannot be used: "+en, args...)
}

// TamperedError is the error that the cluster no longer returns all events of a stream: AL-LED-01. Reads yield it
// instead of a shorter history, and appends to the stream return it.
type TamperedError struct {
	Stream events.StreamID
	What   text.Text
}

// ErrorCode returns the code of package text: the events in the cluster cannot be relied on.
func (e *TamperedError) ErrorCode() text.ErrorCode { return text.Internal }

// Text returns the error as a message for a user.
func (e *TamperedError) Text() text.Text {
	return text.Text{Zh: fmt.Sprintf("流 %s 已不完整：", e.Stream) + e.What.Zh,
		En: fmt.Sprintf("stream %s is no longer whole: ", e.Stream) + e.What.En}
}

// Error implements error.
func (e *TamperedError) Error() string { return "kurrentstore: " + e.Text().En }

// FaultyStream returns the stream.
func (e *TamperedError) FaultyStream() events.StreamID { return e.Stream }

func tampered(stream events.StreamID, zh, en string, args ...any) error {
	return &TamperedError{Stream: stream, What: text.Say(zh, en, args...)}
}

// tooLarge returns the error that a batch has more bytes than the server accepts in one append. Nothing was appended.
// Smaller batches may succeed.
func tooLarge(bytes, most int) error {
	return text.Errorf(text.Refused, "一批共 %d 字节，超过服务器一次追加的上限 %d 字节（MaxAppendSize）",
		"the batch has %d bytes, over the %d bytes that the server takes in one append (MaxAppendSize)", bytes, most)
}

// RefusedError is the error that the server refuses a request, and will refuse it again. Nothing was appended.
type RefusedError struct {
	Why text.Text
	Err error
}

// ErrorCode returns the code of package text: the server must be configured correctly first.
func (e *RefusedError) ErrorCode() text.ErrorCode { return text.Unavailable }

// Text returns the error as a message for a user.
func (e *RefusedError) Text() text.Text {
	return text.Text{Zh: "事件库拒绝：" + e.Why.Zh, En: "the event store refuses: " + e.Why.En}
}

// Error implements error.
func (e *RefusedError) Error() string {
	if e.Err == nil {
		return "kurrentstore: " + e.Text().En
	}
	return "kurrentstore: " + e.Text().En + ": " + e.Err.Error()
}

// Unwrap returns the error of the client.
func (e *RefusedError) Unwrap() error { return e.Err }

// UnreachableError is the error that no usable answer came within Options.Patience. Nothing was appended; trying again
// later may help.
type UnreachableError struct {
	Err error
	Why string // the last message of the client about the nodes that it tried, or ""
}

// ErrorCode returns the code of package text: trying again later may help.
func (e *UnreachableError) ErrorCode() text.ErrorCode { return text.Unavailable }

// Text returns the error as a message for a user.
func (e *UnreachableError) Text() text.Text {
	if errors.Is(e.Err, ErrBehind) {
		return text.Say("事件库的节点落后于已读到的内容，请稍后再试；若一直如此，则事件库丢失了内容",
			"the event store's node is behind what was already read; try again later; if it stays so, the event "+
				"store has lost something")
	}
	if e.Why != "" {
		return text.Say("事件库没有应答，请稍后再试。客户端说：%s",
			"the event store does not answer; try again later. The client says: %s", e.Why)
	}
	return text.Say("事件库没有应答，请稍后再试", "the event store does not answer; try again later")
}

// Error implements error.
func (e *UnreachableError) Error() string {
	return "kurrentstore: " + e.Text().En + ": " + e.Err.Error()
}

// Unwrap returns the last failure.
func (e *UnreachableError) Unwrap() error { return e.Err }

// ErrBehind is in the *UnreachableError of a read that found fewer events than this store or the caller has already
// seen. The node to which the client is connected serves reads, and may be behind, because the client never asks for
// the leader. If the error persists, the cluster has lost acknowledged events.
var ErrBehind = errors.New("the node is behind what was already seen")

// errSilent is the error that a read has received nothing for too long.
var errSilent = errors.New("no message arrived in time")

// strange is a panic of the client that was caught.
type strange struct{ value any }

func (e *strange) Error() string { return fmt.Sprintf("the client panicked: %v", e.value) }

// fate is the meaning of a failed call for its caller.
type fate int

const (
	lost       fate = iota // no answer: the operation may have happened, and a retry may help
	away                   // the same, and the connection can no longer be used
	elsewhere              // nothing happened; the client now knows the leader and will send to it
	outdated               // the expected revision is not the stream's
	gone                   // the stream was closed by a tombstone
	missing                // there is no such stream
	impossible             // nothing happened, and a retry is useless
)

// fateOf classifies an error of the client. Some are wrapped and some are bare statuses; esdb.FromError recognizes
// neither.
func fateOf(err error) fate {
	var tampering *TamperedError
	var refusal *RefusedError
	var panicked *strange
	var said *esdb.Error
	switch {
	case errors.As(err, &tampering), errors.As(err, &refusal):
		return impossible
	case errors.As(err, &panicked):
		if strings.Contains(panicked.Error(), "closed channel") {
			return away // a call met a client that was being closed
		}
		return impossible
	case errors.As(err, &said):
		switch said.Code() {
		case esdb.ErrorCodeWrongExpectedVersion:
			return outdated
		case esdb.ErrorCodeStreamDeleted:
			return gone
		case esdb.ErrorCodeResourceNotFound:
			return missing
		case esdb.ErrorCodeNotLeader:
			return elsewhere
		case esdb.ErrorCodeConnectionClosed, esdb.ErrorUnavailable:
			return away
		case esdb.ErrorCodeAccessDenied, esdb.ErrorCodeUnauthenticated, esdb.ErrorCodeUnsupportedFeature:
			return impossible
		}
	}
	return fateOfStatus(err)
}

func fateOfStatus(err error) fate {
	if errors.Is(err, io.EOF) {
		return lost
	}
	switch status.Code(err) {
	case codes.Unavailable:
		return away
	case codes.InvalidArgument, codes.FailedPrecondition, codes.OutOfRange, codes.PermissionDenied,
		codes.Unauthenticated, codes.Unimplemented:
		return impossible
	}
	return lost
}

// explain turns an error after which a retry is useless into an error for users.
func explain(err error) error {
	var tampering *TamperedError
	var refusal *RefusedError
	var panicked *strange
	var said *esdb.Error
	switch {
	case errors.As(err, &tampering), errors.As(err, &refusal):
		return err
	case errors.As(err, &panicked):
		return &RefusedError{Why: text.Say("服务器的应答无法读懂", "the server's answer cannot be read"), Err: err}
	}
	code := status.Code(err)
	errors.As(err, &said)
	switch {
	case said != nil && said.Code() == esdb.ErrorCodeUnauthenticated, code == codes.Unauthenticated:
		return &RefusedError{Why: text.Say("账号或密码不对", "account or password is wrong"), Err: err}
	case said != nil && said.Code() == esdb.ErrorCodeAccessDenied, code == codes.PermissionDenied:
		return &RefusedError{Why: text.Say("账号没有所需的权限（读 $all，读写台账的流）",
			"the account lacks a right it needs (to read $all, to read and write the ledger's streams)"), Err: err}
	case strings.Contains(strings.ToLower(err.Error()), "maximum append size"):
		return &RefusedError{Why: text.Say("一批超过服务器一次追加的上限（MaxAppendSize）",
			"the batch is over what the server takes in one append (MaxAppendSize)"), Err: err}
	}
	return &RefusedError{Why: text.Say("请求不被接受", "the request is not accepted"), Err: err}
}
