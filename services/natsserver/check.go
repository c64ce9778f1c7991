package natsserver

import (
	"regexp"
	"slices"
	"strings"

	"github.com/nats-io/nkeys"

	"github.com/taizhang/taizhang/events/text"
)

// plainName matches names that are safe in a subject, as the name of an account and as the name of a durable
// consumer.
var plainName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,31}$`)

// reservedNames are names that could be confused with the accounts of the server.
var reservedNames = []string{strings.ToLower(ledgerAccount), strings.ToLower(systemAccount)}

// CheckName returns an error if the name of a user is not valid. The account and the durable consumer of the user
// have the same name.
func CheckName(name string) error {
	if !plainName.MatchString(name) {
		return text.Errorf(text.Invalid,
			"订阅用户名 %q 不可用：须为 1 至 32 个小写字母、数字、“-”或“_”，且以字母或数字开头",
			"%q cannot be the name of a user of the feed: expected 1 to 32 small letters, digits, - and _, the "+
				"first a letter or a digit", text.Clip(name, 40))
	}
	if slices.Contains(reservedNames, name) {
		return text.Errorf(text.Invalid, "订阅用户名 %s 为系统保留，请另取一个",
			"the name %s is reserved; choose another", name)
	}
	return nil
}

// keyLength is the length of a public nkey in characters.
const keyLength = 56

// CheckKey returns an error if the public nkey of a user is not valid.
func CheckKey(key string) error {
	if len(key) == keyLength && nkeys.IsValidPublicUserKey(key) { // IsValidPublicUserKey accepts longer keys
		return nil
	}
	if strings.HasPrefix(key, "S") { // never repeat a seed
		return text.Errorf(text.Invalid, "这是私钥种子（以 S 开头），不可登记；请给出公钥（以 U 开头，共 56 个字符）",
			"this is a seed, which begins with S and stays with its owner; give the public key, which begins with U "+
				"and has 56 characters")
	}
	return text.Errorf(text.Invalid, "%q 不是用户公钥：应以 U 开头，共 56 个字符",
		"%q is not the public nkey of a user: expected 56 characters that begin with U", text.Clip(key, 60))
}

// checkUsers returns the errors of all users together.
func checkUsers(users []User) error {
	names, keys := map[string]bool{}, map[string]string{}
	for _, u := range users {
		if err := CheckName(u.Name); err != nil {
			return err
		}
		if err := CheckKey(u.Key); err != nil {
			return err
		}
		if names[u.Name] {
			return text.Errorf(text.Conflict, "订阅用户 %s 出现了两次",
				"the user %s of the feed is there twice", u.Name)
		}
		if other, ok := keys[u.Key]; ok {
			return text.Errorf(text.Conflict, "订阅用户 %s 与 %s 的公钥相同；每个用户须有自己的密钥",
				"the users %s and %s of the feed have the same key; each needs its own", other, u.Name)
		}
		names[u.Name], keys[u.Key] = true, u.Name
	}
	return nil
}
