package console

import (
	"bytes"
	"encoding/base64"
	"image"
	"image/color"
	"image/png"

	"github.com/boombuler/barcode/qr"
)

// These are the sizes of a picture of a QR code: pixels for each module, and modules of white margin, which
// readers need.
const (
	qrModulePixels = 5
	qrQuietModules = 4
)

// qrPNG returns a text as a QR code: a PNG in base64, and the length of a side in pixels.
func qrPNG(content string) (encoded string, side int, err error) {
	code, err := qr.Encode(content, qr.M, qr.Auto)
	if err != nil {
		return "", 0, err
	}
	modules := code.Bounds().Dx()
	side = (modules + 2*qrQuietModules) * qrModulePixels
	picture := image.NewPaletted(image.Rect(0, 0, side, side), color.Palette{color.White, color.Black})
	for y := range modules * qrModulePixels {
		for x := range modules * qrModulePixels {
			if r, _, _, _ := code.At(x/qrModulePixels, y/qrModulePixels).RGBA(); r == 0 {
				picture.SetColorIndex(x+qrQuietModules*qrModulePixels, y+qrQuietModules*qrModulePixels, 1)
			}
		}
	}
	var file bytes.Buffer
	if err := png.Encode(&file, picture); err != nil {
		return "", 0, err
	}
	return base64.StdEncoding.EncodeToString(file.Bytes()), side, nil
}
