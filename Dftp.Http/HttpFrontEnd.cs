using System.Diagnostics.Metrics;
using System.Net.Security;
using System.Text;
using Dftp.FileSystem;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Dftp.Http;

/// <summary>The public HTTP interface as the composition root sees it.</summary>
public static class HttpFrontEnd
{
    /// <summary>
    /// The longest path, every byte of it percent-encoded, with room for the method, the host of an absolute target and a query.
    /// </summary>
    private const int MaxRequestLine = 3 * VirtualPath.MaxPathBytes + 4096;

    /// <summary>Makes a tree answer every request that reaches this end of the pipeline.</summary>
    /// <param name="app">The pipeline; nothing after this is reached.</param>
    /// <param name="tree">The merged tree.</param>
    /// <param name="ownTree">
    /// Only what this node itself holds: it answers the requests that another node passes on (their query has <c>redirN</c>), so that no
    /// two nodes ask each other in a circle.
    /// </param>
    /// <param name="options">What the pages say of this node.</param>
    /// <param name="connections">What its endpoints share; null where there is nothing to share.</param>
    public static void MapDftp(
        this IApplicationBuilder app, IFileTree tree, IFileTree ownTree, HttpOptions options, HttpConnections? connections = null)
    {
        var loggers = app.ApplicationServices.GetRequiredService<ILoggerFactory>();
        connections ??= new HttpConnections(int.MaxValue, options, new Meter("dftp.http"), loggers);
        app.Run(new RequestTable(tree, ownTree, options, connections, loggers.CreateLogger(typeof(HttpFrontEnd))).AnswerAsync);
    }

    /// <summary>Has requests that the server refuses by itself answered by a sentence. It comes before the server is built.</summary>
    public static void AddDftp(this IServiceCollection services, HttpConnections connections) => services.AddSingleton(connections.Refused);

    /// <summary>
    /// Kestrel's limits as every path of a tree needs them. Kestrel's own are kept for the rest: 100 headers of 32 KiB in all, 30 s for
    /// them to come, 130 s between two requests, 100 streams on an HTTP/2 connection.
    /// </summary>
    public static void UseDftpLimits(this KestrelServerOptions server)
    {
        // Each stream can hold a block that its client does not take.
        server.Limits.Http2.MaxStreamsPerConnection = 32;
        server.Limits.MaxRequestLineSize = Math.Max(server.Limits.MaxRequestLineSize, MaxRequestLine);
        server.AddServerHeader = false;
        // RFC 9110, 5.5: bytes beyond ASCII in a value are opaque. Kestrel's default, UTF-8, refuses a request for one byte in a field
        // that nobody reads.
        server.RequestHeaderEncodingSelector = _ => Encoding.Latin1;
        // RFC 9112, 3.2.2: with a target in absolute-form "the origin server MUST ignore the received Host header field".
        server.AllowHostHeaderOverride = true;
    }

    /// <summary>Serves the tree on an endpoint: HTTP/1.1, and by TLS HTTP/2 too.</summary>
    /// <param name="connections">What all endpoints share.</param>
    /// <param name="tls">The server's side of TLS, without protocols of its own; null: in the clear.</param>
    public static void UseDftp(this ListenOptions listen, HttpConnections connections, SslServerAuthenticationOptions? tls = null)
    {
        listen.Use(next => connection => connections.AdmitAsync(next, connection, isTls: tls is not null));
        if (tls is null)
        {
            listen.Protocols = HttpProtocols.Http1;
        }
        else
        {
            listen.Protocols = HttpProtocols.Http1AndHttp2;
            var https = new SslServerAuthenticationOptions
            {
                ServerCertificateContext = tls.ServerCertificateContext,
                EnabledSslProtocols = tls.EnabledSslProtocols,
                ApplicationProtocols = [SslApplicationProtocol.Http2, SslApplicationProtocol.Http11],
            };
            listen.UseHttps(new TlsHandshakeCallbackOptions { OnConnection = _ => new(https) });
        }

        listen.Use(next => connection => connections.FollowAsync(next, connection));
    }
}
