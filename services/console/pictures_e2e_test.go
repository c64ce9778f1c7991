//go:build e2e

package console_test

import (
	"bytes"
	"cmp"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// These are the limits within which two pictures are the same. Another Chromium draws the edges of letters a little
// otherwise, and the pictures of the documentation have few colors.
const (
	sameShade   = 72    // of 255, the most by which a part of a color differs
	sameShare   = 0.002 // of the pixels that may differ by more
	colorsMax   = 64    // of a picture of the documentation
	colorsApart = 18    // of 255, the least by which two of them differ
)

// keepPictures writes the pictures that a plan took to the documentation, with the hashes of their pages.
func keepPictures(t *testing.T, p plan) {
	t.Helper()
	if *only != "" {
		t.Fatal("the pictures are made all together: their pages name one another in the access log")
	}
	old, err := filepath.Glob(picturesOfDocs + "/*.png")
	for _, name := range old {
		if err == nil {
			err = os.Remove(name)
		}
	}
	if err == nil {
		err = os.MkdirAll(picturesOfDocs, 0o755)
	}
	for i := range p.Stops {
		name := p.Stops[i].picture()
		var file bytes.Buffer
		to := png.Encoder{CompressionLevel: png.BestCompression}
		if err == nil {
			err = to.Encode(&file, reduced(readPicture(t, filepath.Join(p.Pictures, name))))
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(picturesOfDocs, name), file.Bytes(), 0o644)
		}
	}
	x, province := serveProvince(t) // as that of the test without a browser
	hashes := hashesOf(t, x, picturesOf(t, x, province))
	var lines bytes.Buffer
	for _, name := range slices.Sorted(maps.Keys(hashes)) {
		fmt.Fprintln(&lines, name, hashes[name])
	}
	if err == nil {
		err = os.WriteFile(pageHashes, lines.Bytes(), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// comparePicture compares a picture that was taken now with that of the documentation, pixel by pixel.
func comparePicture(t *testing.T, dir, name string) {
	t.Helper()
	now, then := readPicture(t, filepath.Join(dir, name)), readPicture(t, filepath.Join(picturesOfDocs, name))
	size := now.Bounds()
	if size != then.Bounds() {
		t.Errorf("%s is of %v, and that of the documentation of %v: %s", name, size, then.Bounds(), makePictures)
		return
	}
	others := 0
	for y := size.Min.Y; y < size.Max.Y; y++ {
		for x := size.Min.X; x < size.Max.X; x++ {
			if apart(shade(now.At(x, y)), shade(then.At(x, y))) > sameShade {
				others++
			}
		}
	}
	if share := float64(others) / float64(size.Dx()*size.Dy()); share > sameShare {
		t.Errorf("%.2f %% of the pixels of %s differ: look at the page, then %s", 100*share, name, makePictures)
	}
}

func readPicture(t *testing.T, name string) image.Image {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatalf("%v: %s", err, makePictures)
	}
	picture, err := png.Decode(bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	return picture
}

func shade(c color.Color) color.RGBA { return color.RGBAModel.Convert(c).(color.RGBA) }

// apart returns the most by which a part of two colors differs.
func apart(a, b color.RGBA) int {
	of := func(a, b uint8) int { return max(int(a), int(b)) - min(int(a), int(b)) }
	return max(of(a.R, b.R), of(a.G, b.G), of(a.B, b.B))
}

// reduced returns a picture with few colors: those that most of its pixels have, and that are not nearly alike.
func reduced(from image.Image) *image.Paletted {
	pixels := map[color.RGBA]int{}
	size := from.Bounds()
	for y := size.Min.Y; y < size.Max.Y; y++ {
		for x := size.Min.X; x < size.Max.X; x++ {
			pixels[shade(from.At(x, y))]++
		}
	}
	order := slices.SortedFunc(maps.Keys(pixels), func(a, b color.RGBA) int {
		return cmp.Or(cmp.Compare(pixels[b], pixels[a]), cmp.Compare(a.R, b.R), cmp.Compare(a.G, b.G),
			cmp.Compare(a.B, b.B))
	})
	var chosen []color.RGBA
	for _, c := range order {
		isNear := func(other color.RGBA) bool { return apart(c, other) < colorsApart }
		if len(chosen) < colorsMax && !slices.ContainsFunc(chosen, isNear) {
			chosen = append(chosen, c)
		}
	}
	to := &image.Paletted{Pix: make([]uint8, size.Dx()*size.Dy()), Stride: size.Dx(), Rect: size}
	nearest := map[color.RGBA]uint8{}
	for i, c := range chosen {
		to.Palette, nearest[c] = append(to.Palette, c), uint8(i)
	}
	for y := size.Min.Y; y < size.Max.Y; y++ {
		for x := size.Min.X; x < size.Max.X; x++ {
			c := shade(from.At(x, y))
			at, ok := nearest[c]
			if !ok {
				at = uint8(to.Palette.Index(c))
				nearest[c] = at
			}
			to.SetColorIndex(x, y, at)
		}
	}
	return to
}
