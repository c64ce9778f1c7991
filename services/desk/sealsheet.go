package desk

import (
	_ "embed"
	"fmt"
	"html/template"
	"image/color"
	"io"
	"strings"
	"time"

	"github.com/boombuler/barcode/qr"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

//go:embed sealsheet.html
var sealSheetText string

// sealSheet is the content of the page.
type sealSheet struct {
	Lang                                                               string
	Checkpoint                                                         *Checkpoint
	Title, About, LinesTitle, KeyTitle, CosignersTitle, CodeTitle, How string
	Cosigners, Sign                                                    []string
	Side                                                               int    // of the QR code in modules
	Path                                                               string // the dark modules
}

// These bound what the page has, so that it prints on one page: cosigners by name, and bytes in the QR code, which a
// telephone must read from paper.
const (
	sheetCosignersMax = 8
	sheetCodeBytesMax = 700
)

// WriteSheet writes a page of A4 in HTML with the lines of the checkpoint in clear and as a QR code, to print.
func (c *Checkpoint) WriteSheet(to io.Writer, lang string, now time.Time) error {
	if err := checkLang(lang); err != nil {
		return err
	}
	say := func(zh, en string, args ...any) string { return text.Say(zh, en, args...).In(lang) }
	s := &sealSheet{Lang: lang, Checkpoint: c, Title: say("台账检查点", "Checkpoint of the ledger"),
		About: say("本页载明台账前 %d 条记录的检查点，印于 %v。"+
			"这些记录中任何一条有改动、增删或移位，台账即与下列根值不符。",
			"This page states the checkpoint of the first %d records of the ledger, printed on %v. If one of these "+
				"records is changed, removed, inserted or moved, the ledger no longer has the root below.", c.Size,
			events.DateAt(now)),
		LinesTitle:     say("检查点（封存标识、所封记录数、根值）", "Checkpoint (origin, records sealed, root)"),
		KeyTitle:       say("台账公钥", "The ledger's public key"),
		CosignersTitle: say("见证", "Cosigned by"), Sign: []string{
			say("打印人：", "Printed by: "), say("接收人：", "Received by: "), say("日期：", "Date: ")}}
	for i, w := range c.Cosigners {
		if i == sheetCosignersMax {
			s.Cosigners = append(s.Cosigners, say("另有 %d 家", "and %d others", len(c.Cosigners)-i))
			break
		}
		s.Cosigners = append(s.Cosigners, say("%s，%s", "%s at %s", w.Witness, w.At))
	}
	if len(s.Cosigners) == 0 {
		s.Cosigners = []string{say("打印时尚无见证", "none when this was printed")}
	}
	content, lines := c.code()
	s.CodeTitle = say("二维码（检查点原文，含 %d 行签名）",
		"QR code (the checkpoint verbatim, with %d signature lines)",
		lines)
	s.How = say("核对：扫描二维码，把文字存为文件 known.checkpoint，运行 taizhang-verify，"+
		"用 --known known.checkpoint 指明此文件；也可把上面三行抄入这个文件。",
		"To check: scan the code, save its text in a file known.checkpoint, and run taizhang-verify with "+
			"--known known.checkpoint; or type the three lines above into that file.")
	if err := s.draw(content); err != nil {
		return err
	}
	return sealSheetPage.Execute(to, s)
}

var sealSheetPage = template.Must(template.New("sheet").Parse(sealSheetText))

// code returns the content of the QR code: the checkpoint with the signature of the log and as many further lines as
// fit.
func (c *Checkpoint) code() (content string, lines int) {
	all := strings.SplitAfter(c.Note, "\n")
	const textLines = 4 // with the empty line
	for i, line := range all {
		if i > textLines && len(content)+len(line) > sheetCodeBytesMax {
			break
		}
		if content += line; i >= textLines && line != "" {
			lines++
		}
	}
	return content, lines
}

// draw makes the QR code of a text.
func (s *sealSheet) draw(content string) error {
	code, err := qr.Encode(content, qr.M, qr.Unicode)
	if err != nil {
		return err
	}
	const quiet = 4 // modules of margin, which readers need
	modules := code.Bounds().Dx()
	s.Side = modules + 2*quiet
	var path strings.Builder
	for y := range modules {
		for x := range modules {
			if code.At(x, y) == color.Black {
				fmt.Fprintf(&path, "M%d %dh1v1h-1z", x+quiet, y+quiet)
			}
		}
	}
	s.Path = path.String()
	return nil
}
