using System.Security.Cryptography;
using System.Text;
using Dftp.Routes;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Dftp.Cluster.Door;

/// <summary>Decides which requests of the management interface are answered, once there is a cluster secret.</summary>
/// <param name="verifier">Verifies signatures.</param>
/// <param name="requiresTls">Whether what is not from a legacy node has to come by TLS.</param>
/// <param name="legacy">The machines whose legacy nodes need no signature.</param>
/// <param name="refusals">Counts and logs.</param>
/// <param name="clusterName">For the challenge of a 401.</param>
internal sealed class SignatureCheck(RequestVerifier verifier, bool requiresTls, LegacyPeers legacy, Refusals refusals, string clusterName)
{
    /// <summary>The maximum length of a body that is kept until its digest is known to be right. Longer ones are streamed.</summary>
    private const int MaxBodyBytes = 1024 * 1024;

    /// <summary>The routes that legacy nodes use.</summary>
    private static readonly string[] LegacyRoutes = ["/cluster/", "/join/", "/update/"];

    /// <summary>The request, if its signature was verified.</summary>
    public static SignedRequest? Of(HttpContext http) => http.Features.Get<SignedRequest>();

    /// <returns>False if the request has been answered with a refusal.</returns>
    public async ValueTask<bool> AdmitAsync(HttpContext http, Route? route)
    {
        // 1. some cannot sign
        if (IsLegacy(http, route)) return true;

        // 2. the head, then the body, at once or while the handler reads it
        var refusal = requiresTls && !http.Request.IsHttps ? Refusal.NoTls
            : VerifyHead(http, out var signed) ?? await TakeBodyAsync(http, signed!);
        if (refusal is null) return true;

        Count(http, refusal);
        if (refusal.Status == StatusCodes.Status401Unauthorized)
            http.Response.Headers.WWWAuthenticate = $"Signature realm=\"{SignatureProfile.TagOf(clusterName)}\"";
        http.Response.StatusCode = refusal.Status;
        http.Response.ContentType = "text/plain; charset=utf-8";
        await http.Response.WriteAsync(refusal.Sentence + "\n", http.RequestAborted);
        return false;
    }

    private bool IsLegacy(HttpContext http, Route? route) =>
        !http.Request.Headers.ContainsKey(SignatureProfile.SignatureField) && LegacyRoutes.Contains(route?.Path)
        && legacy.Contains(http.Connection.RemoteIpAddress);

    private Refusal? VerifyHead(HttpContext http, out SignedRequest? request)
    {
        var headers = http.Request.Headers;
        var message = new MessageComponents
        {
            Method = Encoding.UTF8.GetBytes(http.Request.Method),
            Target = Encoding.UTF8.GetBytes(http.Features.Get<IHttpRequestFeature>()!.RawTarget),
            ContentDigest = Encoding.UTF8.GetBytes(headers[SignatureProfile.DigestField].ToString()),
        };
        var fields = new SignatureFields
        {
            Input = Encoding.UTF8.GetBytes(headers[SignatureProfile.InputField].ToString()),
            Signature = Encoding.UTF8.GetBytes(headers[SignatureProfile.SignatureField].ToString()),
        };
        var refusal = verifier.Verify(message, fields, out request);
        http.Features.Set(request);
        return refusal;
    }

    private async Task<Refusal?> TakeBodyAsync(HttpContext http, SignedRequest request)
    {
        if (request.CoversDigest)
        {
            var body = await ReadBodyAsync(http);
            http.Request.Body = new MemoryStream(body, writable: false);
            return BodyDigest.Matches(http.Request.Headers[SignatureProfile.DigestField].ToString(), SHA256.HashData(body))
                ? null : Refusal.BodyChanged;
        }

        if (http.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody != true) return null;
        var streamed = new SignedBody(http, request, refusal => Count(http, refusal));
        http.Response.RegisterForDispose(streamed);
        http.Request.Body = streamed;
        http.Features.Set(streamed);
        return null;
    }

    private static async Task<byte[]> ReadBodyAsync(HttpContext http)
    {
        using var body = new MemoryStream();
        var buffer = new byte[16 * 1024];
        for (int read; (read = await http.Request.Body.ReadAsync(buffer, http.RequestAborted)) > 0;)
        {
            body.Write(buffer, 0, read);
            if (body.Length > MaxBodyBytes)
                throw new BadHttpRequestException(
                    $"a body of more than {MaxBodyBytes} bytes has its Content-Digest in the trailer section",
                    StatusCodes.Status413PayloadTooLarge);
        }

        return body.ToArray();
    }

    private void Count(HttpContext http, Refusal refusal)
    {
        const int longest = 100;
        var path = http.Request.Path.Value ?? "";
        var shown = path.Length > longest ? path[..longest] + "…" : path;
        var address = http.Connection.RemoteIpAddress is { } remote ? LegacyPeers.Plain(remote).ToString() : "an unknown address";
        refusals.Add(refusal, $"{http.Request.Method} {shown}", address);
    }
}
