module github.com/foretop/foretop/test/e2e

go 1.26.0

require github.com/foretop/foretop/test/fleet v0.0.0

replace github.com/foretop/foretop/test/fleet => ../fleet
