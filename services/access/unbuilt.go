package access

import "github.com/taizhang/taizhang/events/text"

var errUnbuilt = text.Errorf(text.Internal, "尚未实现", "this is not built yet")
