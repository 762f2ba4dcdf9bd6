package pdfdoc

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/md5"
	"crypto/rc4"
	"crypto/sha256"
	"crypto/sha512"
	"fmt"

	"github.com/kundeagent/kundeagent/knowledge"
)

// cipherKind is how strings or streams are encrypted.
type cipherKind uint8

const (
	cipherNone cipherKind = iota
	cipherRC4
	cipherAES128
	cipherAES256
)

// decrypter opens files that are encrypted but need no password to be read,
// only to be changed. A nil decrypter passes everything through.
type decrypter struct {
	key              []byte
	strings, streams cipherKind
}

var passwordPadding = []byte("\x28\xBF\x4E\x5E\x4E\x75\x8A\x41\x64\x00\x4E\x56\xFF\xFA\x01\x08\x2E\x2E\x00\xB6\xD0\x68\x3E\x80\x2F\x0C\xA9\xFE\x64\x53\x69\x7A")

func errEncrypted(why string) error { return fmt.Errorf("%s: %w", why, knowledge.ErrEncrypted) }

// newDecrypter derives the key that belongs to the empty user password.
func newDecrypter(inv *inventory) (*decrypter, error) {
	if inv.encrypt.kind == objNull {
		return nil, nil
	}
	e := inv.resolve(inv.encrypt)
	if e.kind != objDict {
		return nil, errEncrypted("encryption dictionary is missing")
	}
	get := func(k string) obj { return inv.resolve(e.dict[k]) }
	if get("Filter").s != "Standard" {
		return nil, errEncrypted("unknown security handler")
	}
	d := &decrypter{}
	version, revision := get("V").n, get("R").n
	keyLen := int(get("Length").n)
	switch version {
	case 1:
		keyLen = 40
		d.strings, d.streams = cipherRC4, cipherRC4
	case 2, 3:
		d.strings, d.streams = cipherRC4, cipherRC4
	case 4, 5:
		if version == 4 {
			keyLen = 128
		}
		filters := get("CF")
		kind := func(name string) cipherKind {
			switch inv.resolve(inv.resolve(filters.dict[name]).dict["CFM"]).s {
			case "V2":
				return cipherRC4
			case "AESV2":
				return cipherAES128
			case "AESV3":
				return cipherAES256
			}
			return cipherNone
		}
		d.strings, d.streams = kind(get("StrF").s), kind(get("StmF").s)
	default:
		return nil, errEncrypted("unknown encryption version")
	}
	if version == 5 {
		return d, d.deriveAES256([]byte(get("U").s), []byte(get("UE").s), revision)
	}
	if keyLen < 40 || keyLen > 128 {
		keyLen = 40
	}
	plainMeta := get("EncryptMetadata")
	id := inv.resolve(inv.trailer["ID"])
	var first string
	if len(id.arr) > 0 {
		first = inv.resolve(id.arr[0]).s
	}
	return d, d.deriveMD5(get("O").s, get("U").s, uint32(get("P").n), first, revision, keyLen/8,
		plainMeta.kind == objBool && plainMeta.n == 0)
}

func (d *decrypter) deriveMD5(owner, user string, perms uint32, id string, revision int64, n int, plainMeta bool) error {
	if len(owner) < 32 || len(user) < 16 {
		return errEncrypted("encryption dictionary is incomplete")
	}
	h := md5.New()
	h.Write(passwordPadding)
	h.Write([]byte(owner[:32]))
	h.Write([]byte{byte(perms), byte(perms >> 8), byte(perms >> 16), byte(perms >> 24)})
	h.Write([]byte(id))
	if revision >= 4 && plainMeta {
		h.Write([]byte{255, 255, 255, 255})
	}
	key := h.Sum(nil)
	if revision >= 3 {
		for range 50 {
			s := md5.Sum(key[:n])
			key = s[:]
		}
	} else {
		n = 5
	}
	d.key = key[:n]
	check := append([]byte(nil), passwordPadding...)
	rounds := 1
	if revision >= 3 {
		s := md5.Sum(append(check, id...))
		check, rounds = s[:], 20
	}
	for i := range rounds {
		k := append([]byte(nil), d.key...)
		for j := range k {
			k[j] ^= byte(i)
		}
		c, err := rc4.NewCipher(k)
		if err != nil {
			return errEncrypted("encryption key is unusable")
		}
		c.XORKeyStream(check, check)
	}
	if !bytes.HasPrefix([]byte(user), check) {
		return errEncrypted("a password is needed")
	}
	return nil
}

func (d *decrypter) deriveAES256(user, userKey []byte, revision int64) error {
	if len(user) < 48 || len(userKey) < 32 {
		return errEncrypted("encryption dictionary is incomplete")
	}
	hash := func(salt []byte) []byte {
		if revision >= 6 {
			return hardenedHash(salt)
		}
		s := sha256.Sum256(salt)
		return s[:]
	}
	if !bytes.Equal(hash(user[32:40]), user[:32]) {
		return errEncrypted("a password is needed")
	}
	block, err := aes.NewCipher(hash(user[40:48]))
	if err != nil {
		return errEncrypted("encryption key is unusable")
	}
	d.key = make([]byte, 32)
	cipher.NewCBCDecrypter(block, make([]byte, 16)).CryptBlocks(d.key, userKey[:32])
	return nil
}

// hardenedHash is the iterated hash of revision 6 for the empty password. The
// rounds end by themselves well before the bound, which only guards the loop.
func hardenedHash(salt []byte) []byte {
	s := sha256.Sum256(salt)
	k := s[:]
	for i := 0; i < 2048; i++ {
		buf := bytes.Repeat(k, 64)
		block, err := aes.NewCipher(k[:16])
		if err != nil {
			return nil
		}
		cipher.NewCBCEncrypter(block, k[16:32]).CryptBlocks(buf, buf)
		sum := 0
		for _, b := range buf[:16] {
			sum += int(b)
		}
		switch sum % 3 {
		case 0:
			h := sha256.Sum256(buf)
			k = h[:]
		case 1:
			h := sha512.Sum384(buf)
			k = h[:]
		default:
			h := sha512.Sum512(buf)
			k = h[:]
		}
		if i >= 63 && int(buf[len(buf)-1]) <= i-32 {
			break
		}
	}
	return k[:32]
}

func (d *decrypter) stream(b []byte, num, gen int) []byte {
	if d == nil {
		return b
	}
	return d.apply(d.streams, b, num, gen)
}

func (d *decrypter) str(s string, num, gen int) string {
	if d == nil {
		return s
	}
	return string(d.apply(d.strings, []byte(s), num, gen))
}

func (d *decrypter) apply(kind cipherKind, b []byte, num, gen int) []byte {
	if kind == cipherNone {
		return b
	}
	key := d.key
	if kind != cipherAES256 {
		seed := append(append([]byte(nil), key...), byte(num), byte(num>>8), byte(num>>16), byte(gen), byte(gen>>8))
		if kind == cipherAES128 {
			seed = append(seed, "sAlT"...)
		}
		s := md5.Sum(seed)
		key = s[:min(len(key)+5, 16)]
	}
	if kind == cipherRC4 {
		c, err := rc4.NewCipher(key)
		if err != nil {
			return nil
		}
		out := make([]byte, len(b))
		c.XORKeyStream(out, b)
		return out
	}
	block, err := aes.NewCipher(key)
	if err != nil || len(b) < 32 {
		return nil
	}
	body := b[16 : len(b)-len(b)%16]
	out := make([]byte, len(body))
	cipher.NewCBCDecrypter(block, b[:16]).CryptBlocks(out, body)
	if pad := int(out[len(out)-1]); pad >= 1 && pad <= 16 {
		out = out[:len(out)-pad]
	}
	return out
}
