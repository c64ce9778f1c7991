package reports

import "github.com/taizhang/taizhang/services/files"

// ReadTexts returns the first column of a report below its headings, as it is read back.
func ReadTexts(path string, form FileFormat) (texts []string, err error) {
	content, size, err := files.Open(path)
	if err != nil {
		return nil, err
	}
	defer content.Close()
	f, err := openFile(path, content, size)
	if err != nil {
		return nil, err
	}
	sheet := ""
	if form == XLSX {
		sheet = tableSheet.Zh
	}
	below := false
	for row, err := range f.rows(sheet) {
		if err != nil {
			return nil, err
		}
		text := row.At(0).Text
		if below {
			if form == ForExcel {
				text = armed(text)
			}
			texts = append(texts, text)
		}
		below = below || text == "文本"
	}
	return texts, nil
}
