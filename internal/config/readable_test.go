package config_test

import (
	"fmt"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"github.com/fxrun/fxrun/internal/config"
)

// warnings are the names of the fields that a config warns of.
func warnings(t *testing.T, value any) (names []string) {
	t.Helper()
	d := definition(t, value)
	resolved, _, _ := launched(t, d, nil)
	for _, field := range d.Describe(resolved) {
		if field.Warning != "" {
			names = append(names, field.GoName)
		}
	}
	return names
}

func TestAFieldNamedLikeASecretIsWarnedOf(t *testing.T) {
	t.Parallel()
	type text string
	for _, name := range []string{
		"Password", "DBPassword", "PasswordText", "Passwd", "UserPwd", "Pass", "Token", "APIToken", "Tokens", "AccessTokenValue", "Secret", "ClientSecret", "ClientSecret2",
		"Key", "APIKey", "ApiKey", "Apikey", "SecretKey", "PrivateKeyPEM", "SigningKeys", "DSN", "DatabaseDSN", "Credentials", "Passphrase", "Db_Password",
	} {
		for _, of := range []reflect.Type{
			reflect.TypeFor[string](), reflect.TypeFor[text](), reflect.TypeFor[*string](), reflect.TypeFor[[]byte](), reflect.TypeFor[pem](), reflect.TypeFor[[]string](), reflect.TypeFor[map[string]string](),
		} {
			config := reflect.Zero(reflect.StructOf([]reflect.StructField{{Name: name, Type: of}})).Interface()
			if got := warnings(t, config); len(got) != 1 {
				t.Errorf("%s %s: %q", name, of, got)
			}
			silent := reflect.Zero(reflect.StructOf([]reflect.StructField{{Name: name, Type: of, Tag: `secret:"false"`}})).Interface()
			if got := warnings(t, silent); len(got) != 0 {
				t.Errorf("%s %s is silenced: %q", name, of, got)
			}
		}
	}
	type byOtherNames struct {
		Word  string `json:"password"`
		Other string `envconfig:"DB_PASSWORD"`
		Inner struct{ Token string }
	}
	type ofList struct {
		Users []struct{ Password string }
		Pairs map[string]*struct {
			Key string `secret:"false"`
		}
		Silent []struct{ Password string } `secret:"false"`
		Masked []struct {
			Password string
			Token    config.Secret[string]
		}
	}
	if got := fmt.Sprint(warnings(t, ofList{})); got != "[Users]" {
		t.Error(got)
	}
	if got := fmt.Sprint(warnings(t, byOtherNames{})); got != "[Word Other Inner.Token]" {
		t.Error(got)
	}
}

func TestOtherFieldsAreNotWarnedOf(t *testing.T) {
	t.Parallel()
	type plain struct {
		Table, TokenURL, PasswordFile, SecretName, KeyID, KeyPrefix, PublicKey, PrimaryKey, PartitionKeys, Monkey, Compass, Passage, Keyword, TokenType string
		Tokens                                                                                                                                          int
		MaxTokens                                                                                                                                       *int
		Password                                                                                                                                        config.Secret[string]
		Keys                                                                                                                                            []config.Secret[string]
		KeepSecret                                                                                                                                      bool
		Token                                                                                                                                           string `enum:"a,b"`
		Key                                                                                                                                             *url.URL
	}
	if got := warnings(t, plain{}); len(got) > 0 {
		t.Errorf("warns of %q", got)
	}
}

func TestTheSecretTagSaysNothingElse(t *testing.T) {
	t.Parallel()
	type word struct {
		Word string `secret:"true"`
	}
	type empty struct {
		Word string `secret:""`
	}
	type section struct {
		Inner struct{ Password string } `secret:"false"`
	}
	for _, value := range []any{word{}, empty{}, section{}} {
		d, _ := config.NewDefinition("Config", value, nil)
		faults := d.Analyse(new(config.Shapes))
		if len(faults) != 1 || !strings.Contains(faults[0].Error(), "its secret tag") {
			t.Errorf("%T: %v", value, faults)
		}
	}
}
