module github.com/msalcae/msalcae/internal/nodetest

go 1.25.0

replace github.com/msalcae/msalcae => ../../

require (
	github.com/msalcae/msalcae v0.0.0-00010101000000-000000000000
	github.com/stretchr/testify v1.12.1
)

require go.yaml.in/yaml/v3 v3.0.5 // indirect
