package api

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"html/template"
	"net/http"

	"github.com/taizhang/taizhang/events/text"
)

// pageRoutes are the routes that need no login: their answers are no secret, and users without a token need them.
func pageRoutes() []route {
	return []route{
		{method: http.MethodGet, path: "/openapi.json", name: "openapi", open: true,
			short: text.Say("本接口的 OpenAPI 文档", "the OpenAPI document of this interface"),
			gives: []answer{{http.StatusOK, jsonType, nil, "the document"}}, handle: (*request).document},
		{method: http.MethodGet, path: problemsPath + "{slug}", name: "problem", open: true,
			short: text.Say("一类错误的说明", "what a sort of problem means"),
			gives: []answer{{http.StatusOK, jsonType, ProblemSort{}, "the sort of problem"},
				{http.StatusOK, htmlType, nil, "the same as a page"}}, handle: (*request).problemSort},
	}
}

func (q *request) document() error {
	if len(q.s.Document) == 0 {
		return fail(notFound, "没有文档", "there is no document")
	}
	etag := fmt.Sprintf(`W/"%x"`, sha256.Sum256(q.s.Document))
	q.w.Header().Set("ETag", etag)
	if matches(q.Header.Values("If-None-Match"), etag) {
		q.w.WriteHeader(http.StatusNotModified)
		return nil
	}
	return q.send(http.StatusOK, jsonType, q.s.Document)
}

// ProblemSort is a sort of problems as its page explains it.
type ProblemSort struct {
	Type   string    `json:"type"`
	Status int       `json:"status"`
	Title  text.Text `json:"title"`
	Help   text.Text `json:"help"` // what to do
}

// help says what to do about each sort of problem.
var help = map[string]text.Text{
	badRequest.slug: text.Say("请求中有写错的参数或内容；param 指出是哪个参数。更正后再发，原样重发结果相同。",
		"A parameter or the body is wrong; param names the parameter. Correct it: sent again as it is, it fails "+
			"again."),
	unauthenticated.slug: text.Say("程序须带请求头 Authorization: Bearer 和有效的令牌；浏览器须先登录。"+
		"令牌或登录会话可能已过期、被注销，或账号已停用。登录失败的，请核对账号、密码和验证码。",
		"A program sends the header Authorization: Bearer with a valid token; a browser signs in first. A token or "+
			"session may have expired or been ended, or the account is disabled. If signing in fails, check the "+
			"name, the password and the code."),
	forbidden.slug: text.Say("账号的角色没有这项权限，或令牌不是为此签发的。请向安全管理员申请。",
		"The role of the account has no right to this, or the token was not made for it. Ask the security "+
			"administrator."),
	moreProof.slug: text.Say("needs 列出须先完成的事项：code 为输入动态验证码，password 为修改密码，factor "+
		"为登记动态验证码。完成后重试；验证码十分钟内有效。",
		"needs lists what to do first: show a code of the second factor, change the password, or enrol a second "+
			"factor. Then try again; a code counts for ten minutes."),
	notFound.slug: text.Say("地址或编号有误，或所指的内容不在账号可见的范围内。",
		"The address or an id is wrong, or what it names is not in the scope of the account."),
	methodNotAllowed.slug: text.Say("请求头 Allow 列出此地址接受的方法。",
		"The header Allow lists the methods of this address."),
	notAcceptable.slug: text.Say("请改用 Accept 或 format 所列的格式。",
		"Ask by Accept or format for one of the formats that there are."),
	requestTimeout.slug: text.Say("请求内容中断超过时限，未作任何写入。请重发。",
		"The body stopped for too long. Nothing was written. Send the request again."),
	conflict.slug: text.Say("同一编号已有内容不同的记录，或名称已被使用。请核对，不要改号重发。",
		"A record of the same id has other content, or the name is taken. Find out why before you use another id."),
	gone.slug: text.Say("分页查询的结果只保留五分钟。请从第一页重新查询。",
		"Pages of an answer are kept for five minutes. Ask again from the first page."),
	preconditionFailed.slug: text.Say("revision 是中心现在的版本。请先查看新的记录，再决定是否提交。",
		"revision is where the center is now. Look at the new records, then decide again."),
	tooLarge.slug: text.Say("请求内容超过此地址的上限。请分批提交。",
		"The body is longer than this address takes. Send it in parts."),
	unsupportedType.slug: text.Say("请以此地址接受的 Content-Type 提交。",
		"Send the body in a Content-Type that this address takes."),
	refused.slug: text.Say("记录违反规则或字段有误；breaches 逐条说明，未作任何写入。",
		"A rule or a field is against the record; breaches lists every reason. Nothing was written."),
	tooMany.slug: text.Say("请在 Retry-After 所示的秒数之后再试。",
		"Try again after the seconds of Retry-After."),
	internal.slug: text.Say("这是程序的缺陷或其文件的损坏。请把 requestId 告诉管理员。",
		"This is a defect of the program or damage of its files. Tell the administrator the requestId."),
	unavailable.slug: text.Say("请在 Retry-After 所示的秒数之后再试。",
		"Try again after the seconds of Retry-After."),
	behind.slug: text.Say("atLeast 所要的位置还没有到达。请稍后再试，并核对该位置是否属于本台账。",
		"The position of atLeast is not reached. Try again later, and check that the position is one of this ledger."),
	stopped.slug: text.Say("有一次写入的结果不明，台账停止写入，查询照常。"+
		"重新启动后才知道那次写入是否成功；记录带有编号，重发不会重复入账。",
		"The outcome of a write is unknown, so nothing is written; reading goes on. A restart finds out. A record "+
			"has its id, so sending it again records it once."),
}

// sorts lists all sorts of problems.
var sorts = []sort{badRequest, unauthenticated, forbidden, moreProof, notFound, methodNotAllowed, notAcceptable,
	requestTimeout, conflict, gone, preconditionFailed, tooLarge,
	unsupportedType, refused, tooMany, internal, unavailable, behind, stopped}

// problemPage shows a sort of problem in both languages.
var problemPage = template.Must(template.New("problem").Parse(`<!doctype html>
<html lang="{{.Lang}}">
<meta charset="utf-8">
<title>{{.Status}} {{.First.Title}}</title>
<style>body{font:1rem/1.6 system-ui,sans-serif;max-width:40rem;margin:3rem auto;padding:0 1rem}</style>
{{range .Both}}<section lang="{{.Lang}}"><h1>{{$.Status}} {{.Title}}</h1><p>{{.Help}}</p></section>
{{end}}<p><code>{{.Type}}</code></p>
</html>
`))

func (q *request) problemSort() error {
	for _, s := range sorts {
		if s.slug != q.PathValue("slug") {
			continue
		}
		p := ProblemSort{problemsPath + s.slug, s.status, s.title, help[s.slug]}
		switch {
		case q.media != htmlType:
			return q.json(http.StatusOK, p)
		case q.s.ShowProblem != nil:
			q.s.ShowProblem(q.w, q.Request, http.StatusOK, p.Title, p.Help)
			return nil
		}
		return q.problemPage(&p)
	}
	return fail(notFound, "没有这类错误", "there is no such sort of problem")
}

func (q *request) problemPage(p *ProblemSort) error {
	type half struct{ Lang, Title, Help string }
	both := []half{{"en", p.Title.En, p.Help.En}, {"zh", p.Title.Zh, p.Help.Zh}}
	if q.lang == "zh" {
		both[0], both[1] = both[1], both[0]
	}
	var page bytes.Buffer
	err := problemPage.Execute(&page, struct {
		*ProblemSort
		Lang  string
		First half
		Both  []half
	}{p, q.lang, both[0], both})
	if err != nil {
		return err
	}
	q.w.Header().Set("Content-Security-Policy", pagePolicy)
	return q.send(http.StatusOK, htmlType, page.Bytes())
}

// ProblemSorts lists the sorts of problems.
func ProblemSorts() (all []ProblemSort) {
	for _, s := range sorts {
		all = append(all, ProblemSort{problemsPath + s.slug, s.status, s.title, help[s.slug]})
	}
	return all
}
