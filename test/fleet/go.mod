module github.com/foretop/foretop/test/fleet

go 1.26.0
