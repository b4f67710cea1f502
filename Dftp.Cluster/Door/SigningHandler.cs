namespace Dftp.Cluster.Door;

/// <summary>Signs the requests of an <see cref="HttpClient"/>, for the commands. Bodies are read into memory.</summary>
/// <param name="secret">The secret; the caller owns it.</param>
/// <param name="clusterName">The cluster's name.</param>
/// <param name="time">The clock of the signatures.</param>
public sealed class SigningHandler(ClusterSecret secret, string clusterName, TimeProvider time) : DelegatingHandler
{
    private readonly RequestSigner _signer = new(secret, clusterName, time);

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        string? digest = null;
        if (request.Content is { } content)
        {
            digest = BodyDigest.FieldOf(await content.ReadAsByteArrayAsync(cancellationToken));
            content.Headers.TryAddWithoutValidation(SignatureProfile.DigestField, digest);
        }

        var signature = _signer.Sign(request.Method.Method, request.RequestUri!.PathAndQuery, digest, Nonce.First());
        request.Headers.TryAddWithoutValidation(SignatureProfile.InputField, signature.Input);
        request.Headers.TryAddWithoutValidation(SignatureProfile.SignatureField, signature.Signature);
        return await base.SendAsync(request, cancellationToken);
    }
}
