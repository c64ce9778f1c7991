package console

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"path"
	"strings"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/desk"
)

// These are the largest sizes of a file that a user sends to be compared: of a report, and of an evidence file, which
// is only read through.
const (
	reportBytesMax   = 64 << 20
	evidenceBytesMax = 512 << 20
)

// partsMax is the largest number of parts of a form with a file. Those after the file are not read.
const partsMax = 8

// fileNameMax is the largest number of characters of the name of a file.
const fileNameMax = 200

// uploadForm is a form with one file.
type uploadForm struct {
	Action, Label, Press string
	Wrong                wrong
}

// newUploadForm returns the form with one file of a page.
func newUploadForm(page interface{ base() *view }, path, label, press string) uploadForm {
	return uploadForm{page.base().Carry(path), label, press, at(page, "file")}
}

// upload is a file that was sent, with its SHA-256. Spooled is nil unless it may be a report.
type upload struct {
	name    string
	spooled *os.File
	bytes   int64
	sum     [sha256.Size]byte
}

// isReport reports whether the name of a file is that of a report.
func isReport(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".xlsx", ".csv", ".html":
		return true
	}
	return false
}

// readUpload reads the file of the form that was sent. The caller closes what is spooled.
func (v *visit) readUpload() (u upload, err error) {
	parts, err := v.MultipartReader()
	if err != nil {
		return u, errNoFile
	}
	for range partsMax {
		part, err := parts.NextPart()
		if err != nil {
			return u, uploadError(err)
		}
		if part.FormName() == "file" {
			return v.readPart(part)
		}
	}
	return u, errNoFile
}

var errNoFile = text.Errorf(text.Invalid, "请选择一个文件", "choose a file").Of("file")

func (v *visit) readPart(part *multipart.Part) (u upload, err error) {
	if u.name = text.Clip(part.FileName(), fileNameMax); u.name == "" {
		return u, errNoFile
	}
	sum := sha256.New()
	to := io.Writer(sum)
	most := int64(evidenceBytesMax)
	if isReport(u.name) {
		if u.spooled, err = v.p.Imports.Spool.File(); err != nil {
			return u, fmt.Errorf("console: spool a file: %w", err)
		}
		to, most = io.MultiWriter(v.p.Imports.Spool.Writer(u.spooled), sum), reportBytesMax
	}
	if u.bytes, err = io.Copy(to, io.LimitReader(part, most+1)); err == nil && u.bytes > most {
		err = &http.MaxBytesError{Limit: most}
	}
	if err != nil {
		u.close()
		return u, uploadError(err)
	}
	sum.Sum(u.sum[:0])
	return u, nil
}

// fileSuffix ends the name of a field in which a file of evidence is chosen.
const fileSuffix = ".file"

// fieldBytesMin is counted for each field of a form with files, beside its content.
const fieldBytesMin = 32

// hashFiles reads a form with files into PostForm. Of a file in the field ITEM.file only the name and the SHA-256 are
// kept, as the fields ITEM.name and ITEM.sha256. If a file cannot be read, PostForm has the fields before it.
func (v *visit) hashFiles() error {
	v.PostForm = url.Values{}
	parts, err := v.MultipartReader()
	if err != nil {
		return errForm
	}
	for left := recordFormBytesMax; ; {
		part, err := parts.NextPart()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return uploadError(err)
		}
		field := part.FormName()
		if item, isFile := strings.CutSuffix(field, fileSuffix); isFile {
			if err := v.hashFile(item, part); err != nil {
				return err
			}
			continue
		}
		value, err := io.ReadAll(io.LimitReader(part, int64(left)+1))
		if err != nil {
			return uploadError(err)
		}
		if left -= len(field) + len(value) + fieldBytesMin; left < 0 {
			return errForm
		}
		v.PostForm.Add(field, string(value))
	}
}

// hashFile sets the name and the SHA-256 of an item from a file, if one was chosen.
func (v *visit) hashFile(item string, part *multipart.Part) error {
	name := text.Clip(path.Base(strings.ReplaceAll(part.FileName(), `\`, "/")), fileNameMax)
	if part.FileName() == "" {
		return nil
	}
	sum := sha256.New()
	n, err := io.Copy(sum, io.LimitReader(part, evidenceBytesMax+1))
	switch {
	case err == nil && n > evidenceBytesMax:
		return uploadError(&http.MaxBytesError{Limit: evidenceBytesMax})
	case err != nil:
		return uploadError(err)
	case n == 0:
		return text.Errorf(text.Invalid, "“%s”是空的", "%s is empty", name)
	}
	v.PostForm.Set(item+".name", name)
	v.PostForm.Set(item+".sha256", hex.EncodeToString(sum.Sum(nil)))
	return nil
}

// close closes what is spooled, which vanishes.
func (u *upload) close() {
	if u.spooled != nil {
		_ = u.spooled.Close()
	}
}

// uploadError returns what is wrong with a form that could not be read, or err if the form is not the cause.
func uploadError(err error) error {
	var long *http.MaxBytesError
	switch {
	case errors.As(err, &long):
		return text.Errorf(text.Invalid, "文件超过 %d 兆字节的上限", "the file is over the limit of %d MB",
			long.Limit>>20).Of("file")
	case errors.Is(err, os.ErrDeadlineExceeded):
		return text.Errorf(text.Invalid, "文件迟迟未到，请重新上传",
			"the file came too slowly; send it again").Of("file")
	case errors.Is(err, io.EOF):
		return errNoFile
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, multipart.ErrMessageTooLarge),
		strings.HasPrefix(err.Error(), "multipart:"), strings.HasPrefix(err.Error(), "malformed MIME"):
		return text.Errorf(text.Invalid, "文件没有传完，请重新上传",
			"the file did not come whole; send it again").Of("file")
	}
	return err
}

// reproduce reads the report that was sent and computes it again.
func (v *visit) reproduce() (*desk.Reproduced, error) {
	u, err := v.readUpload()
	if err != nil {
		return nil, err
	}
	defer u.close()
	if u.spooled == nil {
		return nil, text.Errorf(text.Invalid, "报表文件名应以 .xlsx、.csv 或 .html 结尾",
			"the name of a report ends in .xlsx, .csv or .html").Of("file")
	}
	return v.reproduceFile(&u)
}

func (v *visit) reproduceFile(u *upload) (*desk.Reproduced, error) {
	end, err := v.p.Answers.Turn(v.Context(), desk.When{}, "", true)
	if err != nil {
		return nil, err
	}
	defer end()
	return v.desk.Reproduce(v.Context(), desk.Upload{Name: u.name, Content: u.spooled, Bytes: u.bytes})
}

// wrongFile shows what is wrong with a file that was sent by a function of its page. It returns any other error.
func (v *visit) wrongFile(err error, show func(w wrong, status int)) error {
	switch text.CodeOf(err) {
	case text.Invalid, text.NotFound, text.Forbidden, text.Refused:
		show(wrong{"file", sentence(v.words(err), v.lang)}, http.StatusUnprocessableEntity)
		return nil
	}
	return err
}

// differenceIn says in words where a report differs from what the ledger gives.
func (v *visit) differenceIn(r *desk.Reproduced) string {
	d := r.Differs
	where := ""
	if d.Row > 0 {
		where = v.say("第 %d 行", "row %d", d.Row)
		if d.Column != "" {
			where += v.say("“%s”列", ", column “%s”", text.Printable(d.Column))
		}
		if d.Cell != "" {
			where += v.say("（单元格 %s）", " (cell %s)", text.Printable(d.Cell))
		}
		if d.Sheet != "" {
			where = v.say("工作表“%s”", "sheet “%s”, ", text.Printable(d.Sheet)) + where
		}
		where = v.say("，在%s", ", at %s", where)
	}
	return sentence(v.say("文件“%s”与台账位置 %d 的结果不一致%s：%s",
		"the file “%s” is not what the ledger gives at position %d%s: %s",
		text.Printable(r.File), r.Position, where, v.in(d.Why)), v.lang)
}
