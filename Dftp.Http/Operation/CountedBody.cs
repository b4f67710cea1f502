using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Dftp.Http.Operation;

/// <summary>A response body that counts bytes as they are written. It adds no buffer to the server's.</summary>
internal sealed class CountedBody : IHttpResponseBodyFeature
{
    private readonly IHttpResponseBodyFeature _body;
    private readonly CountedWriter _writer;
    private readonly ByteCount _count = new();

    public CountedBody(IHttpResponseBodyFeature body)
    {
        _body = body;
        _writer = new CountedWriter(body.Writer, _count);
        Stream = _writer.AsStream(leaveOpen: true);
    }

    public long Bytes => _count.Value;

    public Stream Stream { get; }

    public PipeWriter Writer => _writer;

    public Task StartAsync(CancellationToken cancellationToken = default) => _body.StartAsync(cancellationToken);

    public Task CompleteAsync() => _body.CompleteAsync();

    public void DisableBuffering() => _body.DisableBuffering();

    public Task SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken = default) =>
        SendFileFallback.SendFileAsync(Stream, path, offset, count, cancellationToken);
}
