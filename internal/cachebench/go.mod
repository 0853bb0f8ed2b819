module github.com/msalcae/msalcae/internal/cachebench

go 1.25.0

require (
	github.com/AzureAD/microsoft-authentication-extensions-for-go/cache v0.1.1
	github.com/AzureAD/microsoft-authentication-library-for-go v1.10.1
	github.com/msalcae/msalcae v0.0.0
	github.com/msalcae/msalcae/cache/local v0.0.0
	github.com/stretchr/testify v1.12.1
)

require (
	github.com/danieljoos/wincred v1.2.3 // indirect
	github.com/godbus/dbus/v5 v5.2.2 // indirect
	github.com/gofrs/flock v0.13.1 // indirect
	github.com/keybase/go-keychain v0.0.0-20230523030712-b5615109f100 // indirect
	github.com/zalando/go-keyring v0.2.8 // indirect
	go.yaml.in/yaml/v3 v3.0.5 // indirect
	golang.org/x/sys v0.47.0 // indirect
)

replace github.com/msalcae/msalcae => ../../

replace github.com/msalcae/msalcae/cache/local => ../../cache/local
