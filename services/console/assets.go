package console

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"
)

// asset is a file that pages refer to. Its address changes with its content, so a browser may keep it for ever.
type asset struct {
	path, media string
	content     []byte
}

// assets are the stylesheet and the module.
var assets = []asset{newAsset("style.css", "text/css"), newAsset("app.js", "text/javascript")}

func newAsset(name, media string) asset {
	content, err := files.ReadFile("pages/" + name)
	if err != nil {
		panic(err) // cannot happen: it is embedded
	}
	sum := sha256.Sum256(content)
	_, ending, _ := strings.Cut(name, ".")
	return asset{"/static/" + hex.EncodeToString(sum[:8]) + "." + ending, media + "; charset=utf-8", content}
}

// ServeHTTP answers with the file. It is the same for everybody.
func (a *asset) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	h := w.Header()
	h.Set("Content-Type", a.media)
	h.Del("Vary")
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Length", strconv.Itoa(len(a.content)))
	_, _ = w.Write(a.content)
}
