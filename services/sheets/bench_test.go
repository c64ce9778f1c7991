package sheets

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
)

// benchRows is the number of rows of a sheet in a benchmark: the maximum of a sheet.
const benchRows = rowsMax

// BenchmarkRead reads a sheet of vouchers. It is compared with reading the format alone, without looking at a
// cell: as CSV, or as the XML of the worksheet in its archive.
func BenchmarkRead(b *testing.B) {
	row := func(i int) []string {
		return []string{fmt.Sprintf("2026-%05d", i), "2026-09-01", "ZJ-0018", "G-0018-03", "中试",
			fmt.Sprintf("%d.%02d", i, i%100), "杭州信息技术研究院", "中试线检测费", "", "", ""}
	}
	var text bytes.Buffer
	text.WriteString(voucherHeadings)
	for i := range benchRows {
		text.WriteString(strings.Join(row(i), ",") + "\n")
	}
	b.Run("CSV", func(b *testing.B) { benchmarkRead(b, text.Bytes(), rawCSV) })
	f := excelize.NewFile()
	defer f.Close()
	w, err := f.NewStreamWriter("Sheet1")
	if err != nil {
		b.Fatal(err)
	}
	set := func(at int, values []string) {
		cells := make([]any, len(values))
		for i, v := range values {
			cells[i] = v
		}
		if err := w.SetRow(fmt.Sprintf("A%d", at), cells); err != nil {
			b.Fatal(err)
		}
	}
	set(1, strings.Split(strings.TrimSpace(voucherHeadings), ","))
	for i := range benchRows {
		set(i+2, row(i))
	}
	var book bytes.Buffer
	if err := errors.Join(w.Flush(), f.Write(&book)); err != nil {
		b.Fatal(err)
	}
	b.Run("XLSX", func(b *testing.B) { benchmarkRead(b, book.Bytes(), rawXLSX) })
}

func benchmarkRead(b *testing.B, content []byte, raw func([]byte) error) {
	var limit time.Duration
	for b.Loop() {
		book, err := readFile(content, clerk)
		if err != nil || book.Sheets[0].Rows != benchRows {
			b.Fatal(err)
		}
		b.StopTimer()
		from := time.Now()
		if err := raw(content); err != nil {
			b.Fatal(err)
		}
		limit += time.Since(from)
		b.StartTimer()
	}
	b.ReportMetric(float64(benchRows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
	b.ReportMetric(limit.Seconds()/b.Elapsed().Seconds(), "of-raw")
}

func rawCSV(content []byte) error {
	r := csv.NewReader(bytes.NewReader(content))
	r.ReuseRecord = true
	for {
		if _, err := r.Read(); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
}

func rawXLSX(content []byte) error {
	archive, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		return err
	}
	sheet, err := archive.Open("xl/worksheets/sheet1.xml")
	if err != nil {
		return err
	}
	defer sheet.Close()
	d := xml.NewDecoder(sheet)
	for {
		if _, err := d.RawToken(); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
}
