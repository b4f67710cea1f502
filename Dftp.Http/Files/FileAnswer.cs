using System.Globalization;
using Dftp.FileSystem;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Dftp.Http.Files;

/// <summary>Answers GET and HEAD of a file.</summary>
internal sealed class FileAnswer(HttpOptions options, ILogger log)
{
    /// <summary>
    /// The maximum of decisions. Every look and every opening decides again by the facts that it finds. For a file that changes all
    /// the time, with a condition that holds only every other time, that would never end; the client then gets an error.
    /// </summary>
    private const int MaxAttempts = 6;

    /// <remarks>
    /// 0. If this node redirects clients to holders, and can do so here, the answer is a redirect.
    /// 1. Preconditions and ranges are evaluated with the file's facts, at first those of the request's snapshot.
    /// 2. An answer without content (304, 412, 416, HEAD) needs the current facts of the holder's disk: look, and continue at 1.
    /// 3. The digest is computed if the client wants it.
    /// 4. The first range is opened. Its holder's open file is a consistent answer, whatever the snapshot said: if its facts
    ///    lead to the same decision, it is sent with them; otherwise continue at 1.
    /// 5. Headers, then the body. From here on only an aborted connection can signal a failure.
    /// </remarks>
    public async Task AnswerAsync(TreeRequest request, Entry file)
    {
        // 0.
        if (options.RedirectsRemoteReads && !HolderUrls.IsLoadedByOurPage(request)
            && await HolderUrls.ElsewhereOnlyAsync(request, file) is { } elsewhere)
        {
            await PlainText.RedirectOnceAsync(request, elsewhere);
            return;
        }

        var preference = DigestFields.Read(request.Http.Request.Headers);
        var isLooked = false;
        ContentDigest? digest = null;
        for (var attempt = 0; attempt < MaxAttempts; attempt++)
        {
            // 1.
            var decision = FileDecision.Of(request.Http.Request, file, new Validators(file));
            var isWithoutContent = decision.Ranges.Length == 0 || request.IsHead;

            // 2.
            if (!isLooked && (isWithoutContent || preference == DigestPreference.Computed))
            {
                var looked = await request.Tree.LookAsync(request.Path, file, request.Aborted);
                if (looked.Error is { } unreadable)
                {
                    await WriteErrorAsync(request, unreadable);
                    return;
                }

                (file, digest, isLooked) = (looked.Facts, looked.Digest, true);
                continue;
            }

            if (decision.Ranges.Length == 0)
            {
                await AnswerWithoutContentAsync(request, file, decision.Status);
                return;
            }

            // 3.
            if (preference == DigestPreference.Computed && digest is null)
            {
                // If it fails, opening the file gives the reason, or the file is sent without a digest.
                var computed = await request.Tree.DigestAsync(request.Path, file, null, request.Client, request.Aborted);
                digest = computed.Digest;
                if (computed.Error is { Kind: FileErrorKind.Busy } busy)
                {
                    await WriteErrorAsync(request, busy);
                    return;
                }

                if (computed.Now is { } other)
                {
                    file = other;
                    continue;
                }
            }

            if (request.IsHead)
            {
                WriteHeaders(request, file, await LinksAsync(request, file), decision, preference == DigestPreference.None ? null : digest);
                return;
            }

            // 4.
            var opened = await request.Tree.OpenAsync(request.Path, file, decision.Part, request.Aborted);
            if (opened.Error is { } error)
            {
                await WriteErrorAsync(request, error);
                return;
            }

            var (before, content) = (file, opened.Content);
            file = opened.Facts;
            decision = FileDecision.Of(request.Http.Request, file, new Validators(file));
            if (content is null || decision.Ranges is not [var first, ..] || first != opened.Range)
            {
                if (content is not null) await content.DisposeAsync();
                // The facts of the opened file serve as a look.
                (digest, isLooked) = (content?.KnownDigest, true);
                continue;
            }

            // 5.
            if (preference == DigestPreference.None) digest = null;
            else digest = content.KnownDigest ?? (before.IsSameVersion(file) ? digest : null);
            var multipart = WriteHeaders(request, file, await LinksAsync(request, file), decision, digest);
            await SendAsync(request, file, decision.Ranges, content, multipart);
            return;
        }

        await PlainText.WriteKeepsChangingAsync(request);
    }

    private static Task WriteErrorAsync(TreeRequest request, FileError error) => error.Kind == FileErrorKind.NotFound
        ? request.Completeness.WriteNotFoundAsync(request.Http, error.Message + ".")
        : PlainText.WriteAsync(request.Http, error);

    private Task AnswerWithoutContentAsync(TreeRequest request, in Entry file, int status)
    {
        var response = request.Http.Response;
        switch (status)
        {
            case StatusCodes.Status304NotModified:
                response.StatusCode = status;
                var headers = new ResponseHeaders(response);
                HeadersOf(file, links: null).WriteValidators(ref headers);
                return Task.CompletedTask;
            case StatusCodes.Status416RangeNotSatisfiable:
                response.Headers.ContentRange = string.Create(CultureInfo.InvariantCulture, $"bytes */{file.Size}");
                return PlainText.WriteAsync(request.Http, status, $"{request.Path} has {file.Size} bytes: nothing of it is in that range.");
            default:
                return PlainText.WriteAsync(request.Http, status, $"{request.Path} is not the requested version.");
        }
    }

    /// <returns>The frame of a body with several parts.</returns>
    private MultipartRanges? WriteHeaders(
        TreeRequest request, in Entry file, string? links, FileDecision decision, ContentDigest? digest)
    {
        var response = request.Http.Response;
        var type = TypeOf(request);
        var multipart = decision.Ranges.Length > 1 ? new MultipartRanges(decision.Ranges, file.Size, type.Value) : null;
        response.StatusCode = decision.Status;
        var headers = new ResponseHeaders(response);
        HeadersOf(file, links).Write(
            ref headers, type, multipart?.ContentType ?? type.Value, multipart?.ContentLength ?? decision.Ranges[0].Length, digest);
        if (IsDownload(request)) response.Headers.ContentDisposition = AttachmentName.Of(request.Path.Name);
        if (multipart is null && decision.Status == StatusCodes.Status206PartialContent)
            response.Headers.ContentRange = MultipartRanges.ContentRange(decision.Ranges[0], file.Size);
        return multipart;
    }

    private FileHeaders HeadersOf(in Entry file, string? links) => new(file, links, options.Time.GetUtcNow().ToUnixTimeSeconds());

    private ValueTask<string?> LinksAsync(TreeRequest request, in Entry file) =>
        HolderUrls.DuplicatesOfAsync(SoughtFile.Of(request), file, options.NodeName);

    private static ContentType TypeOf(TreeRequest request) =>
        request.Target.Query.Length > 0 && request.Http.Request.Query["format"] == "txt"
            ? ContentTypes.PlainText
            : ContentTypes.Of(request.Path);

    private static bool IsDownload(TreeRequest request) =>
        request.Target.Query.Length > 0 && request.Http.Request.Query.ContainsKey("download");

    private async Task SendAsync(TreeRequest request, Entry file, ByteRange[] ranges, FileContent first, MultipartRanges? multipart)
    {
        try
        {
            bool isWhole;
            await using (first)
            {
                // After the start of the response its writer provides the connection's buffer.
                await request.Http.Response.StartAsync(request.Aborted);
                isWhole = multipart is null
                    ? await FileBody.WriteAsync(request.Http, first, options.Time)
                    : await SendPartsAsync(request, file, ranges, first, multipart);
            }

            if (!isWhole) request.Http.Abort();
        }
        catch (IOException broken) when (!request.Aborted.IsCancellationRequested)
        {
            Log.BodyBrokenOff(log, request.Path, broken.Message);
            request.Http.Abort();
        }
        catch (IOException)
        {
            // The client has left, which explains the failure.
        }
    }

    private async Task<bool> SendPartsAsync(
        TreeRequest request, Entry file, ByteRange[] ranges, FileContent first, MultipartRanges multipart)
    {
        var writer = request.Http.Response.BodyWriter;
        for (var i = 0; i < ranges.Length; i++)
        {
            await writer.WriteAsync(multipart.HeadOf(i), request.Aborted);
            if (i == 0)
            {
                if (!await FileBody.WriteAsync(request.Http, first, options.Time)) return false;
                continue;
            }

            await using var content = first.Another(ranges[i]) ?? await OpenPartAsync(request, file, ranges[i]);
            if (!await FileBody.WriteAsync(request.Http, content, options.Time)) return false;
        }

        await writer.WriteAsync(multipart.End, request.Aborted);
        return true;
    }

    private static async Task<FileContent> OpenPartAsync(TreeRequest request, Entry file, ByteRange range)
    {
        var opened = await request.Tree.OpenAsync(request.Path, file, RangeSpec.Of(range), request.Aborted);
        if (opened.Content is { } content)
        {
            if (opened.Facts.Owner == file.Owner && opened.Facts.IsSameVersion(file) && opened.Range == range) return content;
            await content.DisposeAsync();
        }

        throw new FileContentException(
            opened.Error ?? new FileError(FileErrorKind.Failed, $"{request.Path} changed between two of its parts"));
    }
}
