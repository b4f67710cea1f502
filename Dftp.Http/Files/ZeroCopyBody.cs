using Dftp.FileSystem;
using Dftp.Http.Transport;
using Dftp.Sockets;
using Microsoft.AspNetCore.Http;

namespace Dftp.Http.Files;

/// <summary>
/// Sends a content to the client by the kernel (<see cref="SocketSender"/>): without a copy in this process, and past the server, whose
/// flushes would each wake another thread.
/// </summary>
internal sealed class ZeroCopyBody : IAsyncDisposable
{
    /// <summary>Smaller contents are read and sent together with the headers, which is cheaper.</summary>
    private const int MinBytes = 64 * 1024;

    private readonly HttpContext _http;
    private readonly SocketOutput _output;
    private readonly FileContent _content;
    private readonly SocketSender _sender;
    private readonly ITimer _limit;

    private ZeroCopyBody(HttpContext http, SocketOutput output, FileContent content, TimeProvider time)
    {
        _http = http;
        _output = output;
        _content = content;
        _sender = output.CreateSender();
        _limit = time.CreateTimer(static http => ((HttpContext)http!).Abort(), http, SocketOutput.ClientPatience, Timeout.InfiniteTimeSpan);
    }

    /// <returns>Null where it is not possible, or not worth it.</returns>
    public static ZeroCopyBody? TryCreate(HttpContext http, FileContent content, TimeProvider time) =>
        content.Length > MinBytes && SocketOutput.TryGet(http) is { } output ? new ZeroCopyBody(http, output, content, time) : null;

    /// <summary>Sends the next bytes.</summary>
    /// <param name="at">Where they begin in the content.</param>
    /// <returns>The number of bytes; 0 where the next bytes have to be read; null when the client has left.</returns>
    /// <inheritdoc cref="FileBody.WriteAsync"/>
    public async ValueTask<int?> TrySendAsync(long at)
    {
        var body = _http.Response.BodyWriter;
        if (_output.UnflushedBytes > 0 && (await body.FlushAsync(_http.RequestAborted)).IsCompleted) return null;
        int? sent;
        if (_content.Region is { } region)
        {
            sent = await _output.SendFileAsync(
                _sender, region with { Offset = region.Offset + at, Length = _content.Length - at }, _http.RequestAborted);
        }
        else
        {
            if (_sender.Pending == 0 && (_content is not ISpliceSource source
                || await _sender.FillAsync(source, _content.Length - at, _http.RequestAborted) == 0)) return 0;
            sent = await _output.DrainAsync(_sender, _http.RequestAborted);
        }

        if (sent is not { } count) return null;
        _output.AccountBypassedBytes(body, count);
        _limit.Change(SocketOutput.ClientPatience, Timeout.InfiniteTimeSpan);
        return count;
    }

    public ValueTask DisposeAsync()
    {
        _sender.Dispose();
        return _limit.DisposeAsync();
    }
}
