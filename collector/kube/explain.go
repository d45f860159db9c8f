package kube

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/foretop/foretop/internal/access"
)

// Explain says in a sentence why an API server did not do what was asked, and what to do about it. It never
// repeats an API server's own text, which may quote objects, other than the words of its access control.
func Explain(host, act string, err error) error {
	if err == nil {
		return nil
	}
	var known *access.Error
	if errors.As(err, &known) {
		return known
	}
	e := func(code, message, fix string) error { return &access.Error{Code: code, Message: message, Fix: fix} }

	var unknownCA x509.UnknownAuthorityError
	var hostname x509.HostnameError
	var invalid x509.CertificateInvalidError
	var verification *tls.CertificateVerificationError
	switch {
	case errors.As(err, &unknownCA):
		return e("BAD_CERTIFICATE", fmt.Sprintf("The API server at %s shows a certificate of an unknown authority.", host), "Put its CA into certificate-authority-data of the kubeconfig.")
	case errors.As(err, &hostname):
		return e("BAD_CERTIFICATE", fmt.Sprintf("The API server's certificate is not for %s.", host), "Use an address that the certificate names, or set tls-server-name in the kubeconfig.")
	case errors.As(err, &invalid):
		return e("BAD_CERTIFICATE", fmt.Sprintf("The API server at %s shows a certificate that is not valid now.", host), "Renew its certificate, or correct the clocks.")
	case errors.As(err, &verification):
		return e("BAD_CERTIFICATE", fmt.Sprintf("The API server at %s shows a certificate that cannot be verified.", host), "Check certificate-authority-data of the kubeconfig.")
	}
	switch {
	case apierrors.IsUnauthorized(err):
		return e("UNAUTHENTICATED", fmt.Sprintf("The API server at %s does not accept the collector's credentials.", host), "Renew the token or the client certificate.")
	case apierrors.IsForbidden(err):
		return e("FORBIDDEN", fmt.Sprintf("The collector may not %s.", act), "Grant it, or exclude the kind.")
	case NotServed(err):
		return e("NOT_FOUND", fmt.Sprintf("The API server at %s does not serve what is needed to %s.", host, act), "")
	case apierrors.IsTooManyRequests(err):
		return e("UNAVAILABLE", fmt.Sprintf("The API server at %s is overloaded and told the collector to wait.", host), "")
	case apierrors.IsServiceUnavailable(err), apierrors.IsInternalError(err), apierrors.IsServerTimeout(err), apierrors.IsTimeout(err):
		return e("UNAVAILABLE", fmt.Sprintf("The API server at %s answers that it is not able to %s now.", host, act), "")
	}
	var status apierrors.APIStatus
	if errors.As(err, &status) {
		return e("UNAVAILABLE", fmt.Sprintf("The API server at %s refused to %s (%d %s).", host, act, status.Status().Code, status.Status().Reason), "")
	}
	var dns *net.DNSError
	var op *net.OpError
	var u *url.Error
	switch {
	case errors.Is(err, context.Canceled):
		return err
	case errors.As(err, &dns):
		return e("UNAVAILABLE", fmt.Sprintf("The name of the API server at %s is not known.", host), "Check the address in the kubeconfig and the name service.")
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &u) && u.Timeout():
		return e("UNAVAILABLE", fmt.Sprintf("The API server at %s does not answer in time.", host), "Check that it runs and that nothing on the way drops packets.")
	case errors.As(err, &op):
		return e("UNAVAILABLE", fmt.Sprintf("The API server at %s cannot be reached: %v.", host, op.Err), "Check that it runs and that the address is right.")
	}
	return e("UNAVAILABLE", fmt.Sprintf("The API server at %s does not answer properly.", host), "Check that it runs and that the address is right.")
}

// answered says that the API server is there, whatever it thinks of the request.
func answered(err error) bool {
	return apierrors.IsForbidden(err) || apierrors.IsNotFound(err)
}

// NotServed tells a kind that is not served from an object that is not there: the latter is named in the details.
func NotServed(err error) bool {
	var status apierrors.APIStatus
	if !errors.As(err, &status) || status.Status().Code != 404 {
		return false
	}
	d := status.Status().Details
	return d == nil || d.Name == ""
}

// Unanswered says that err is about the connection: nobody answered, as opposed to an answer that says no.
func Unanswered(err error) bool {
	var status apierrors.APIStatus
	return !errors.As(err, &status)
}
