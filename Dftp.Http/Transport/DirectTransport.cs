using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Dftp.Http.Transport;

/// <summary>Puts <see cref="SocketOutput"/> under the server's connections and finds it again from a request.</summary>
public static class DirectTransport
{
    /// <summary>
    /// Lets the kernel send this machine's files on plain HTTP/1 connections (Linux). Elsewhere, and on connections without a socket, the
    /// server's own transport stays. With TLS it comes before <c>UseHttps</c>, and files are read as ever.
    /// </summary>
    public static ListenOptions UseDftpTransport(this ListenOptions listen)
    {
        if (SendFile.IsAvailable) listen.Use(next => connection => ServeAsync(next, connection));
        return listen;
    }

    /// <summary>The output of the request's connection, where the body of its response reaches it as it is; otherwise null.</summary>
    internal static SocketOutput? OutputOf(HttpContext http) =>
        http.Features.Get<SocketOutput>() is { } output
        && http.Response is { HasStarted: true, ContentLength: not null }
        && (HttpProtocol.IsHttp11(http.Request.Protocol) || HttpProtocol.IsHttp10(http.Request.Protocol))
        && http.Features.Get<IConnectionTransportFeature>()?.Transport.Output == output
            ? output
            : null;

    private static async Task ServeAsync(ConnectionDelegate next, ConnectionContext connection)
    {
        if (connection.Features.Get<IConnectionSocketFeature>()?.Socket is not { } socket)
        {
            await next(connection);
            return;
        }

        var original = connection.Transport;
        var output = new SocketOutput(connection, socket);
        connection.Transport = new Duplex(original.Input, output);
        connection.Features.Set(output);
        try
        {
            await next(connection);

            // A pipe's completion would send what no flush has.
            await output.FlushAsync(connection.ConnectionClosed);
        }
        catch (OperationCanceledException) when (connection.ConnectionClosed.IsCancellationRequested)
        {
            // The connection has ended before its last bytes.
        }
        finally
        {
            connection.Transport = original;
            output.Complete();
        }
    }

    private sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
