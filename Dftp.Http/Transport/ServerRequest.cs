using Microsoft.AspNetCore.Http.Features;

namespace Dftp.Http.Transport;

/// <summary>
/// The server's progress with the current request of an HTTP/1 connection, according to the server: the target is null until the
/// request line is parsed, and again after the end of the request, including body and trailers. So no other code must know where a
/// message ends.
/// </summary>
/// <remarks>Not thread-safe: the server works on one request at a time and reads in between.</remarks>
internal sealed class ServerRequest
{
    private IHttpRequestFeature? _request;

    /// <summary>
    /// Whether the server has executed a request on this connection, or is executing one. Its earlier state is unknown.
    /// </summary>
    public bool IsKnown => _request is not null;

    /// <summary>Whether it has parsed the request line of a request that has not ended.</summary>
    public bool HasLine => _request is { RawTarget: not null };

    /// <summary>Whether it has received the beginning of a head that it has not completely parsed.</summary>
    public bool IsReadingHead { get; set; }

    /// <summary>The server has parsed a head and executes the request.</summary>
    public void Begin(IFeatureCollection features)
    {
        _request = features.GetRequiredFeature<IHttpRequestFeature>();
        IsReadingHead = false;
    }
}
