package cache

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"hash"
)

// A sealed record is
//
//	"MSALCAE\0" | format 1 | algorithm 1 (AES-256-GCM) | key id, 8 bytes | age, 16 bytes | nonce, 12 bytes | ciphertext | tag, 16 bytes
//
// and its additional authenticated data is all before the nonce, and its name.
const (
	magic     = "MSALCAE\x00\x01\x01"
	keyIDSize = 8
	headSize  = len(magic) + keyIDSize + 16
)

const leastKey = 32

// A sealer seals, opens and names records under one key.
type sealer struct {
	id    [keyIDSize]byte
	aead  cipher.AEAD
	names []byte // key of the names
}

func newSealer(key []byte) (*sealer, error) {
	if len(key) < leastKey {
		return nil, ErrBadKey
	}
	derive := func(purpose string, size int) []byte {
		k, err := hkdf.Key(sha256.New, key, nil, "msalcae cache v1 "+purpose, size)
		if err != nil {
			panic(err) // only for sizes beyond 8160 bytes
		}
		return k
	}
	block, err := aes.NewCipher(derive("seal", 32))
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, err
	}
	s := &sealer{aead: aead, names: derive("names", 32)}
	copy(s.id[:], derive("id", keyIDSize))
	return s, nil
}

// name is a record's name: an HMAC of what it is the record of, in characters
// that every file system tells apart.
func (s *sealer) name(dims []string) string {
	mac := hmac.New(sha256.New, s.names)
	for _, d := range dims {
		writeSized(mac, d)
	}
	return nameCoding.EncodeToString(mac.Sum(nil)[:20])
}

var nameCoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// writeSized writes d so that no two lists of strings give the same bytes.
func writeSized(h hash.Hash, d string) {
	h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(d))))
	h.Write([]byte(d))
}

func (s *sealer) head(a age) []byte {
	head := make([]byte, 0, headSize)
	head = append(head, magic...)
	head = append(head, s.id[:]...)
	head = binary.BigEndian.AppendUint64(head, a.line)
	return binary.BigEndian.AppendUint64(head, a.version)
}

func (s *sealer) seal(name string, a age, plain []byte) []byte {
	head := s.head(a)
	return s.aead.Seal(head, nil, plain, append(head[:headSize:headSize], name...))
}

// open returns what was sealed under name, and how old it is.
func (s *sealer) open(name string, sealed []byte) (plain []byte, a age, err error) {
	switch {
	case len(sealed) < headSize || string(sealed[:len(magic)]) != magic:
		return nil, age{}, fmt.Errorf("%w: it is not one, or was cut off", ErrUnreadable)
	case string(sealed[len(magic):len(magic)+keyIDSize]) != string(s.id[:]):
		return nil, age{}, fmt.Errorf("%w: it was sealed with another key", ErrUnreadable)
	}
	head := sealed[:headSize:headSize]
	plain, err = s.aead.Open([]byte{}, nil, sealed[headSize:], append(head, name...))
	if err != nil {
		return nil, age{}, fmt.Errorf("%w: it was changed, or is another record's", ErrUnreadable)
	}
	return plain, age{binary.BigEndian.Uint64(sealed[headSize-16:]), binary.BigEndian.Uint64(sealed[headSize-8:])}, nil
}
