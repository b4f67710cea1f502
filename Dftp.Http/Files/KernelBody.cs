using Dftp.FileSystem;
using Dftp.Http.Transport;
using Dftp.Sockets;
using Microsoft.AspNetCore.Http;

namespace Dftp.Http.Files;

/// <summary>
/// Has the kernel move a content onto the client's connection: past the server, whose flushes would each wake another thread, and without a
/// copy in this process.
/// </summary>
internal sealed class KernelBody : IAsyncDisposable
{
    /// <summary>What is smaller is read, and goes out with the headers: that is cheaper.</summary>
    private const int MinBytes = 64 * 1024;

    private readonly HttpContext _http;
    private readonly SocketOutput _output;
    private readonly FileContent _content;
    private readonly ITimer _limit;

    /// <summary>The next piece comes at once.</summary>
    private readonly bool _isOwnInPieces;

    private KernelPipe? _pipe;
    private int _busyFor;

    private KernelBody(HttpContext http, SocketOutput output, FileContent content, TimeProvider time)
    {
        _http = http;
        _output = output;
        _content = content;
        _isOwnInPieces = content is { Region: not null, Length: > SocketOutput.MaxPassedBytes };
        _limit = time.CreateTimer(static http => ((HttpContext)http!).Abort(), http, SocketOutput.ClientPatience, Timeout.InfiniteTimeSpan);
    }

    /// <returns>Null where it is not possible, or not worth it.</returns>
    public static KernelBody? Of(HttpContext http, FileContent content, TimeProvider time) =>
        content.Length > MinBytes && SocketOutput.Of(http) is { } output ? new KernelBody(http, output, content, time) : null;

    /// <summary>Moves the next bytes, at the client's pace.</summary>
    /// <param name="at">Where they begin in the content.</param>
    /// <returns>How many; 0 where the next have to be read; null when the client has left.</returns>
    /// <inheritdoc cref="FileBody.WriteAsync"/>
    public async ValueTask<int?> TryMoveAsync(long at)
    {
        var body = _http.Response.BodyWriter;
        if (_output.UnflushedBytes > 0 && (await body.FlushAsync(_http.RequestAborted)).IsCompleted) return null;
        var count = (int)Math.Min(_content.Length - at, SocketOutput.MaxPassedBytes);
        bool isSent;
        if (_content.Region is { } region)
        {
            if (at == 0 && _isOwnInPieces) _output.HoldBackPartialSegments(true);
            isSent = await _output.PassAsync(region with { Offset = region.Offset + at, Length = count }, _http.RequestAborted);
        }
        else if (_content.CanFill && (_pipe ??= KernelPipe.TryCreate()) is { } pipe)
        {
            count = await _content.FillAsync(pipe.WriteEnd, Math.Min(count, pipe.Capacity), _http.RequestAborted);
            if (count == 0) return 0;
            isSent = await _output.PassAsync(pipe.ReadEnd, count, _http.RequestAborted);
        }
        else
        {
            return 0;
        }

        if (!isSent) return null;
        _output.CountPassed(body, count);
        _limit.Change(SocketOutput.ClientPatience, Timeout.InfiniteTimeSpan);
        if (at + count == _content.Length)
        {
            if (_isOwnInPieces) _output.HoldBackPartialSegments(false);
        }
        else if ((_busyFor += count) >= SocketOutput.MaxPassedBytes)
        {
            await LetOthersGoFirstAsync();
        }

        return count;
    }

    public ValueTask DisposeAsync()
    {
        _pipe?.Dispose();
        return _limit.DisposeAsync();
    }

    private ValueTask LetOthersGoFirstAsync()
    {
        _busyFor = 0;
        return _output.YieldAsync(_http.RequestAborted);
    }
}
