package console

import (
	"crypto/rand"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/taizhang/taizhang/events/text"
)

// A form that is sent after its session has ended is kept for an hour, and nothing is written. The address of the page
// that follows signing in carries the token of the form, so the account that filled it in finds it as it was and sends
// it again. For another account it is dropped. A form names its account in the field holder. The name may be false: a
// form that is kept is only shown, as one that an address fills in is.

const (
	holderField = "holder" // the account for which a form was made
	keptParam   = "kept"   // the token of a kept form, in the address of its page
)

// These are the limits on the forms that are kept.
const (
	keptAge          = time.Hour
	keptMax          = 256
	keptOfSourceMax  = 32 // so that one sender cannot push out the forms of others
	keptBytesMax     = 16 << 20
	keptFormBytesMax = 1 << 20
)

// keptForms are the forms that were sent after their sessions had ended. Its methods may be called from several
// goroutines.
type keptForms struct {
	mu    sync.Mutex
	list  []keptForm // the oldest first
	bytes int
}

// keptForm is a form that is kept.
type keptForm struct {
	token   string
	account string
	source  string // the address of the sender
	path    string // of its page
	record  string // the id of the form of a record; "" for other forms
	form    string // encoded, because its fields would take many times the space
	until   time.Time
}

func (f *keptForm) bytes() int {
	return len(f.account) + len(f.source) + len(f.path) + len(f.record) + len(f.form)
}

// add keeps a form and sets its token. A form that was sent twice is kept once.
func (k *keptForms) add(f keptForm, now time.Time) (token string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	f.token, f.until = rand.Text(), now.Add(keptAge)
	k.drop(func(old *keptForm) bool {
		return !now.Before(old.until) || old.account == f.account && old.path == f.path && old.record == f.record
	})
	k.list, k.bytes = append(k.list, f), k.bytes+f.bytes()
	for n := k.ofSource(f.source); n > keptOfSourceMax; n-- {
		k.dropFirst(func(old *keptForm) bool { return old.source == f.source })
	}
	for len(k.list) > keptMax || k.bytes > keptBytesMax {
		k.dropFirst(func(*keptForm) bool { return true })
	}
	return f.token
}

// find returns the values of a form of a page for an account, or nil if the form is not kept. A form that another
// account asks for is dropped.
func (k *keptForms) find(token, account, path string, now time.Time) url.Values {
	k.mu.Lock()
	defer k.mu.Unlock()
	var found url.Values
	k.drop(func(f *keptForm) bool {
		if f.token == token && f.account == account && f.path == path && now.Before(f.until) {
			found, _ = url.ParseQuery(f.form) // it was encoded here
		}
		return !now.Before(f.until) || f.token == token && f.account != account
	})
	return found
}

// drop removes each form for which isDropped returns true. The caller holds the lock.
func (k *keptForms) drop(isDropped func(*keptForm) bool) {
	kept := k.list[:0]
	k.bytes = 0
	for i := range k.list {
		if f := k.list[i]; !isDropped(&f) {
			kept, k.bytes = append(kept, f), k.bytes+f.bytes()
		}
	}
	clear(k.list[len(kept):])
	k.list = kept
}

// dropFirst removes the oldest form for which isDropped returns true. The caller holds the lock.
func (k *keptForms) dropFirst(isDropped func(*keptForm) bool) {
	isFirst := true
	k.drop(func(f *keptForm) bool {
		if isFirst && isDropped(f) {
			isFirst = false
			return true
		}
		return false
	})
}

func (k *keptForms) ofSource(source string) (n int) {
	for i := range k.list {
		if k.list[i].source == source {
			n++
		}
	}
	return n
}

// leaveForm leads from a form whose session has ended to the page for signing in, and from there back to its page. The
// form is kept if its page can show it again.
func (v *visit) leaveForm(s *screen, notice string) error {
	query := v.URL.Query()
	query.Del("notice")
	if s.refills && v.keepForm(query) {
		if notice == noticeLost {
			notice = noticeKept
		}
	}
	v.next = v.URL.EscapedPath()
	if len(query) > 0 {
		v.next += "?" + query.Encode()
	}
	return v.toLoginAfter(notice)
}

// keepForm keeps the form that was sent, and adds its token to the parameters of the address of its page. It reports
// whether the form was kept.
func (v *visit) keepForm(query url.Values) bool {
	if v.PostForm == nil && v.readForm(keptFormBytesMax, keptFormBytesMax) != nil {
		return false
	}
	if v.PostForm == nil {
		_ = v.hashFiles() // of a form with a large file, what comes before the file is kept
	}
	holder := v.PostForm.Get(holderField)
	if holder == "" {
		return false
	}
	v.PostForm.Del(proofField)
	form := v.PostForm.Encode()
	f := keptForm{account: holder, source: v.p.Source(v.Request), path: v.URL.Path, record: v.PostForm.Get("record"),
		form: form}
	if f.bytes() > 2*keptFormBytesMax {
		return false
	}
	query.Set(keptParam, v.p.kept.add(f, v.p.Answers.Now()))
	return true
}

// refill fills in the form of the page with the one that was kept, if the address names one.
func (v *visit) refill() {
	token := v.query.Get(keptParam)
	v.query.Del(keptParam)
	if token == "" || !v.screen.refills || v.Method != http.MethodGet {
		return
	}
	v.notice = noticeGone
	if form := v.p.kept.find(token, v.who.Account, v.URL.Path, v.p.Answers.Now()); form != nil {
		v.PostForm, v.notice = form, noticeBack
	}
}

// isOwnForm returns an error for a form that was made for another account, which signed in before in this browser.
func (v *visit) isOwnForm() error {
	holder := v.PostForm.Get(holderField)
	if holder == "" || holder == v.who.Account {
		return nil
	}
	return text.Errorf(text.Conflict,
		"表单是以另一账号打开的，没有写入；请以那个账号重新登录，或重新打开表单",
		"another account opened the form, and nothing was written; sign in with that account, or open the form again")
}
