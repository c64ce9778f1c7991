module github.com/taizhang/taizhang/deploy

go 1.26.0
