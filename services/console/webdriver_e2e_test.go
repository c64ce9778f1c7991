//go:build e2e

package console_test

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
)

// driver is a session of chromedriver (W3C WebDriver, JSON over HTTP): one browser with a profile of its own, in which
// JavaScript is switched off for the pages.
type driver struct {
	testing.TB
	base string // of the commands of the session
}

// elementKey is the name under which WebDriver refers to an element.
const elementKey = "element-6066-11e4-a52e-4f735466cecf"

// startBrowsers starts chromedriver and returns what launches browsers in it. lang is their Accept-Language.
func startBrowsers(t *testing.T) (launch func(t *testing.T, lang string) *driver) {
	t.Helper()
	command := exec.CommandContext(t.Context(), "chromedriver", "--port=0")
	command.Env = append(os.Environ(), "HOME="+t.TempDir())
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
	})
	base := ""
	lines := bufio.NewScanner(out)
	for started := regexp.MustCompile(`started successfully on port (\d+)`); base == "" && lines.Scan(); {
		if m := started.FindStringSubmatch(lines.Text()); m != nil {
			base = "http://127.0.0.1:" + m[1] + "/session"
		}
	}
	if base == "" {
		t.Fatal("chromedriver did not start")
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
	return func(t *testing.T, lang string) *driver {
		t.Helper()
		d := &driver{t, base}
		var session struct {
			SessionID string `json:"sessionId"`
		}
		d.must(http.MethodPost, "", map[string]any{"capabilities": map[string]any{"alwaysMatch": map[string]any{
			"browserName": "chrome", "acceptInsecureCerts": true,
			"goog:chromeOptions": map[string]any{
				"args": []string{"--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
					"--no-first-run", "--disable-background-networking", "--disable-component-update",
					"--disable-sync",
					"--window-size=1280,900", "--user-data-dir=" + filepath.Join(t.TempDir(), "profile")},
				"prefs": map[string]any{"profile.managed_default_content_settings.javascript": 2,
					"intl.accept_languages": lang},
			}}}}, &session)
		d.base += "/" + session.SessionID
		t.Cleanup(func() { _ = d.send(http.MethodDelete, "", nil, nil) })
		return d
	}
}

// send sends a command and decodes the value of its answer.
func (d *driver) send(method, path string, body, value any) error {
	var content []byte
	if method == http.MethodPost {
		var err error
		if body == nil {
			body = map[string]any{}
		}
		if content, err = json.Marshal(body); err != nil {
			return err
		}
	}
	r, err := http.NewRequest(method, d.base+path, bytes.NewReader(content))
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		var failed struct {
			Value struct{ Error, Message string } `json:"value"`
		}
		err := json.UnmarshalRead(answer.Body, &failed)
		return errors.Join(fmt.Errorf("%s %s: %d %s: %.300s", method, path, answer.StatusCode, failed.Value.Error,
			failed.Value.Message), err)
	}
	return json.UnmarshalRead(answer.Body, &struct {
		Value any `json:"value"`
	}{value})
}

func (d *driver) must(method, path string, body, value any) {
	d.Helper()
	if err := d.send(method, path, body, value); err != nil {
		d.Fatal(err)
	}
}

// open opens an address.
func (d *driver) open(address string) {
	d.Helper()
	d.must(http.MethodPost, "/url", map[string]string{"url": address}, nil)
}

// address returns the address of the page.
func (d *driver) address() (address string) {
	d.Helper()
	d.must(http.MethodGet, "/url", nil, &address)
	return address
}

// find returns the elements of a CSS selector.
func (d *driver) find(selector string) (ids []string) {
	d.Helper()
	var found []map[string]string
	d.must(http.MethodPost, "/elements", map[string]string{"using": "css selector", "value": selector}, &found)
	for _, element := range found {
		ids = append(ids, element[elementKey])
	}
	return ids
}

// text returns the text that the first element of a selector shows, or "".
func (d *driver) text(selector string) (words string) {
	d.Helper()
	if ids := d.find(selector); len(ids) > 0 &&
		d.send(http.MethodGet, "/element/"+ids[0]+"/text", nil, &words) != nil {
		return ""
	}
	return words
}

// click clicks the only element of a selector.
func (d *driver) click(selector string) {
	d.Helper()
	ids := d.find(selector)
	if len(ids) != 1 {
		d.Fatalf("%d elements are %s on %s", len(ids), selector, d.source())
	}
	d.must(http.MethodPost, "/element/"+ids[0]+"/click", nil, nil)
}

// source returns the page.
func (d *driver) source() (content string) {
	d.Helper()
	d.must(http.MethodGet, "/source", nil, &content)
	return content
}

// The keys of WebDriver that are no characters.
const (
	tab   = "\ue004"
	enter = "\ue007"
	space = " "
)

// press presses keys one after the other, whatever has the focus.
func (d *driver) press(keys string) {
	d.Helper()
	var actions []map[string]string
	for _, key := range keys {
		actions = append(actions, map[string]string{"type": "keyDown", "value": string(key)},
			map[string]string{"type": "keyUp", "value": string(key)})
	}
	d.must(http.MethodPost, "/actions",
		map[string]any{"actions": []any{map[string]any{"type": "key", "id": "keyboard", "actions": actions}}}, nil)
}

// tabTo presses Tab until the element with the given words or id has the focus.
func (d *driver) tabTo(words string) {
	d.Helper()
	for range 40 {
		var active map[string]string
		if d.send(http.MethodGet, "/element/active", nil, &active) == nil {
			var shown, id string
			_ = d.send(http.MethodGet, "/element/"+active[elementKey]+"/text", nil, &shown) // the page may be gone
			_ = d.send(http.MethodGet, "/element/"+active[elementKey]+"/property/id", nil, &id)
			if shown == words || id == words {
				return
			}
		}
		d.press(tab)
	}
	d.Fatalf("no Tab leads to %q on %s", words, d.source())
}

// waitFor waits until the first element of a selector is there and shows some words.
func (d *driver) waitFor(selector, words string) {
	d.Helper()
	d.wait(fmt.Sprintf("%s to be %q", selector, words),
		func() bool { return len(d.find(selector)) > 0 && d.text(selector) == words })
}

// wait waits until something is so.
func (d *driver) wait(what string, is func() bool) {
	d.Helper()
	for deadline := time.Now().Add(time.Minute); !is(); {
		if time.Now().After(deadline) {
			d.Fatalf("expected %s at %s, got %s", what, d.address(), d.source())
		}
	}
}

// cookie is a cookie of the browser.
type cookie struct {
	Name, Value, Path, Domain, SameSite string
	Secure, HTTPOnly                    bool
	Expiry                              int64
}

// cookies returns the cookies of the page by name.
func (d *driver) cookies() map[string]cookie {
	d.Helper()
	var list []cookie
	var raw any
	d.must(http.MethodGet, "/cookie", nil, &raw)
	content, err := json.Marshal(raw)
	if err == nil {
		err = json.Unmarshal(content, &list, json.MatchCaseInsensitiveNames(true))
	}
	if err != nil {
		d.Fatal(err)
	}
	byName := map[string]cookie{}
	for _, c := range list {
		byName[c.Name] = c
	}
	return byName
}

// width makes the page so many pixels wide.
func (d *driver) width(pixels int) {
	d.Helper()
	d.must(http.MethodPost, "/goog/cdp/execute", map[string]any{"cmd": "Emulation.setDeviceMetricsOverride",
		"params": map[string]any{"width": pixels, "height": 900, "deviceScaleFactor": 1, "mobile": pixels < 500}}, nil)
}

// overflows reports whether the page is wider than the window.
func (d *driver) overflows() bool {
	d.Helper()
	var sizes struct {
		Content struct {
			Width float64 `json:"width"`
		} `json:"cssContentSize"`
		Window struct {
			Width float64 `json:"clientWidth"`
		} `json:"cssLayoutViewport"`
	}
	d.must(http.MethodPost, "/goog/cdp/execute",
		map[string]any{"cmd": "Page.getLayoutMetrics", "params": map[string]any{}}, &sizes)
	return sizes.Content.Width > sizes.Window.Width
}

// picture saves a picture of the whole page.
func (d *driver) picture(name string) {
	d.Helper()
	var shot struct {
		Data string `json:"data"`
	}
	d.must(http.MethodPost, "/goog/cdp/execute", map[string]any{
		"cmd": "Page.captureScreenshot", "params": map[string]any{"captureBeyondViewport": true}}, &shot)
	content, err := base64.StdEncoding.DecodeString(shot.Data)
	if err == nil {
		err = os.WriteFile(filepath.Join(d.ArtifactDir(), name+".png"), content, 0o600)
	}
	if err != nil {
		d.Fatal(err)
	}
}

// enter switches to a frame, by the selector of its element.
func (d *driver) enter(selector string) {
	d.Helper()
	ids := d.find(selector)
	if len(ids) != 1 {
		d.Fatalf("%d elements are %s", len(ids), selector)
	}
	d.must(http.MethodPost, "/frame", map[string]any{"id": map[string]string{elementKey: ids[0]}}, nil)
}
