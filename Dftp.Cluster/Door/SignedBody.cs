using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Dftp.Cluster.Door;

/// <summary>
/// A streamed body whose digest and signature follow it in the trailer section. The read that reaches the end verifies both, so that nobody
/// takes an altered body for a complete one. Before it applies anything, a handler that may stop reading earlier calls
/// <see cref="VerifyAsync(HttpContext)"/>.
/// </summary>
internal sealed class SignedBody(HttpContext http, SignedRequest request, Action<Refusal> refused) : ForwardStream
{
    private readonly Stream _body = http.Request.Body;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private bool _isVerified;

    /// <summary>
    /// Reads the rest of a request's body and verifies digest and signature, if the body is streamed with a signature.
    /// </summary>
    /// <exception cref="BadHttpRequestException">They are wrong.</exception>
    public static Task VerifyAsync(HttpContext http) =>
        http.Features.Get<SignedBody>() is { } body ? body.VerifyAsync(http.RequestAborted) : Task.CompletedTask;

    /// <exception cref="BadHttpRequestException">The end is reached, and digest or signature are wrong.</exception>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var count = await _body.ReadAsync(buffer, cancellationToken);
        if (count > 0) _hash.AppendData(buffer.Span[..count]);
        else if (buffer.Length > 0 && !_isVerified) Verify();
        return count;
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("the body is read asynchronously");

    private async Task VerifyAsync(CancellationToken cancellationToken)
    {
        var rest = ArrayPool<byte>.Shared.Rent(64 * 1024);
        try
        {
            while (await ReadAsync(rest, cancellationToken) > 0)
            {
                // The hash is all that is wanted of the rest.
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rest);
        }
    }

    protected override void Dispose(bool disposing)
    {
        _hash.Dispose();
        base.Dispose(disposing);
    }

    private void Verify()
    {
        var trailers = http.Features.Get<IHttpRequestTrailersFeature>() is { Available: true } feature
            ? feature.Trailers : new HeaderDictionary();
        var digest = trailers[SignatureProfile.DigestField].ToString();
        var fields = new SignatureFields
        {
            Input = Encoding.UTF8.GetBytes(trailers[SignatureProfile.InputField].ToString()),
            Signature = Encoding.UTF8.GetBytes(trailers[SignatureProfile.SignatureField].ToString()),
        };
        var refusal = RequestVerifier.VerifyTrailer(request, Encoding.UTF8.GetBytes(digest), fields);
        if (refusal is null && !BodyDigest.Matches(digest, _hash.GetCurrentHash())) refusal = Refusal.BodyChanged;
        if (refusal is not null)
        {
            refused(refusal);
            throw new BadHttpRequestException(refusal.Sentence, refusal.Status);
        }

        _isVerified = true;
    }
}
