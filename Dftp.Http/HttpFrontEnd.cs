using Dftp.FileSystem;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Server.Kestrel.Core;
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
    public static void MapDftp(this IApplicationBuilder app, IFileTree tree, IFileTree ownTree, HttpOptions options)
    {
        var log = app.ApplicationServices.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(HttpFrontEnd));
        app.Run(new RequestTable(tree, ownTree, options, log).AnswerAsync);
    }

    /// <summary>Kestrel's limits as every path of a tree needs them.</summary>
    public static void UseDftpLimits(this KestrelServerOptions server)
    {
        server.Limits.MaxRequestLineSize = Math.Max(server.Limits.MaxRequestLineSize, MaxRequestLine);
        server.AddServerHeader = false;
    }
}
