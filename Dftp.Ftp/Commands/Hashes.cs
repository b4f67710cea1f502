using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using Dftp.FileSystem;
using Dftp.Ftp.Control;
using Dftp.Ftp.Data;

namespace Dftp.Ftp.Commands;

/// <summary>
/// SHA-256 of what RETR in TYPE I would send: of a whole file as the tree knows it or has it computed where the file lies, of a part as this node
/// reads it. To the session it is a transfer: ABOR ends it, and the idle clock rests.
/// </summary>
internal static class Hashes
{
    private const int BufferBytes = 256 * 1024;

    /// <summary>While another node computes, no byte moves here; that it is there is the tree's to know.</summary>
    private static readonly TimeSpan StillMovesEvery = TimeSpan.FromSeconds(1);

    /// <summary>draft-bryan-ftpext-hash: <c>213 SHA-256 0-49 6169…f3af path</c>, where the range ends after its last byte.</summary>
    public static async ValueTask<Reply> Hash(FtpSession session, string argument)
    {
        var start = session.State.TakeRestartOffset();
        var (path, entry, refusal) = await Navigation.FindFileAsync(session, argument);
        if (refusal is not null) return refusal;
        if (start > entry.Size) return new Reply(554, $"REST is past the end of {path}");
        var (hash, error) = await HashAsync(session, "HASH", path, entry, start, entry.Size);
        return error ?? new Reply(213, string.Create(
            CultureInfo.InvariantCulture, $"SHA-256 {start}-{entry.Size} {hash} {argument}"));
    }

    /// <summary><c>XSHA256 path</c> or <c>XSHA256 "path" start end</c>, as GlobalSCAPE's server has it: the bytes from start to before end.</summary>
    public static async ValueTask<Reply> XSha256(FtpSession session, string argument)
    {
        var (name, range) = Split(argument);
        var (path, entry, refusal) = await Navigation.FindFileAsync(session, name);
        if (refusal is not null) return refusal;
        if (!TryParseRange(range, entry.Size, out var start, out var end))
            return new Reply(501, $"{path} has no bytes {string.Join('-', range)}");
        var (hash, error) = await HashAsync(session, "XSHA256", path, entry, start, end);
        return error ?? new Reply(250, hash!);
    }

    /// <summary>Only a path in quotation marks can be followed by numbers: without them they are a part of its name.</summary>
    private static (string Name, string[] Range) Split(string argument)
    {
        var close = argument.StartsWith('"') ? argument.LastIndexOf('"') : 0;
        return close == 0
            ? (argument, [])
            : (argument[1..close].Replace("\"\"", "\"", StringComparison.Ordinal),
                argument[(close + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries));
    }

    private static bool TryParseRange(string[] range, long size, out long start, out long end)
    {
        start = 0;
        end = size;
        return range.Length <= 2
            && (range.Length < 1 || long.TryParse(range[0], NumberStyles.None, CultureInfo.InvariantCulture, out start))
            && (range.Length < 2 || long.TryParse(range[1], NumberStyles.None, CultureInfo.InvariantCulture, out end))
            && start <= end && end <= size;
    }

    private static async ValueTask<(string? Hash, Reply? Error)> HashAsync(
        FtpSession session, string verb, VirtualPath path, Entry entry, long start, long end)
    {
        var isWhole = start == 0 && end == entry.Size;
        if (isWhole && session.Tree.KnownDigest(path, entry) is { } known) return (known.ToHex(), null);
        string? hash = null;
        var error = await session.TransferAsync(async transfer =>
        {
            try
            {
                if (isWhole)
                {
                    var result = await WholeAsync(session, path, entry, transfer);
                    if (result.Now is not null) return new Reply(450, $"{path} has just changed, try again");
                    if (result.Error is { } reason) return FileErrorReply.For(reason);
                    hash = result.Digest!.Value.ToHex();
                    return new Reply(213, hash);
                }

                var opened = await session.Tree.OpenAsync(path, entry, RangeSpec.Of(new ByteRange(start, end - start)), transfer.Stopped);
                if (opened.Error is { } failure) return FileErrorReply.For(failure);
                await using var content = opened.Content;
                if (content is null || !opened.Facts.IsSameVersion(entry)) return new Reply(450, $"{path} has just changed, try again");
                hash = await ReadAsync(content, transfer);
                return new Reply(213, hash);
            }
            catch (FileContentException e)
            {
                FtpLog.TransferFailed(session.Context.Log, verb, path, session.Remote, transfer.Bytes, e.Message);
                return new Reply(451, e.Message);
            }
            catch (OperationCanceledException) when (transfer.Stopped.IsCancellationRequested)
            {
                return new Reply(426, $"Stopped: {transfer.StopReason}");
            }
        });
        return (hash, hash is null ? error : null);
    }

    private static async Task<DigestResult> WholeAsync(FtpSession session, VirtualPath path, Entry entry, Transfer transfer)
    {
        await transfer.MovedAsync(0, isAll: false);
        await using var moves = session.Context.Time.CreateTimer(
            static moving => ((Transfer)moving!).StillMoves(), transfer, StillMovesEvery, StillMovesEvery);
        return await session.Tree.DigestAsync(path, entry, null, session.Remote.Address, transfer.Stopped);
    }

    private static async Task<string> ReadAsync(FileContent content, Transfer transfer)
    {
        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            for (var left = content.Length; left > 0;)
            {
                var read = await content.ReadAsync(buffer, transfer.Stopped);
                if (read == 0) throw ContentSender.BecameShorter();
                sha.AppendData(buffer, 0, read);
                left -= read;
                await transfer.MovedAsync(read, isAll: left == 0);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        return Convert.ToHexStringLower(sha.GetHashAndReset());
    }
}
