using System.Net;
using Dftp.FileSystem;

namespace Dftp.Cluster.LocalFiles;

/// <summary>The digests of this node's own copies, computed by reading the files, a few at a time.</summary>
internal sealed class LocalDigests(
    LocalFileOpener files, DigestCache<FileIdentity, LocalVersion> known, RewrittenFiles rewritten, FairGate gate, TimeProvider time)
{
    /// <summary>After this number of attempts, a file that changes faster than it can be read is reported as changed.</summary>
    private const int MaxAttempts = 3;

    /// <summary>
    /// File times have the resolution of the system's timer, up to 10 ms: two writes within one tick can leave the same time. The digest of
    /// a file as young as that is correct for the moment of the read and is not kept.
    /// </summary>
    private static readonly TimeSpan TimesAreCoarse = TimeSpan.FromMilliseconds(20);

    /// <summary>Checks the disk only if a digest is known at all.</summary>
    public ContentDigest? Known(VirtualPath path, in Entry file)
    {
        if (known.IsEmpty) return null;
        var opened = files.Open(path);
        if (!opened.IsOpened) return null;
        using var copy = opened.File;
        return files.EntryOf(path, copy, file).IsSameVersion(file) ? known.Find(copy.Identity, copy.Version) : null;
    }

    /// <remarks>
    /// 1. Return the known digest of the file as it is on the disk.
    /// 2. Otherwise wait for a place and read the file.
    /// 3. Accept the digest only if the file is unchanged afterwards; else start again at 1.
    /// 4. If only the status time had moved since an earlier digest, report whether the cause was a link or an unnoticed write.
    /// </remarks>
    public async ValueTask<DigestResult> ComputeAsync(VirtualPath path, Entry file, IPAddress? client, CancellationToken cancellationToken)
    {
        for (var attempt = 0; attempt < MaxAttempts; attempt++)
        {
            // 1
            if (Look(path, file, out var identity, out var version) is { } answer) return answer;

            // 2
            ContentDigest digest;
            DateTimeOffset began;
            using (var place = await gate.EnterAsync(client, cancellationToken))
            {
                if (place is null) return FairGate.Refusal(path);
                // An earlier request for the same file may have computed it meanwhile.
                if (Look(path, file, out identity, out version) is { } meanwhile) return meanwhile;
                began = time.GetUtcNow();
                var opened = files.Open(path, file, RangeSpec.Whole);
                if (opened.Error is { } error) return DigestResult.Failed(error);
                await using var content = opened.Content!;
                if (!opened.Facts.IsSameVersion(file)) return DigestResult.Changed(opened.Facts);
                try
                {
                    digest = await QuietHashing.OfAsync(content, cancellationToken);
                }
                catch (FileContentException broken)
                {
                    return DigestResult.Failed(broken.Error);
                }
            }

            // 3
            var after = Look(path, file, out var identityAfter, out var versionAfter);
            if (after is not null) return after.Value;
            if (!identityAfter.Equals(identity) || versionAfter != version) continue;
            // 4
            if (known.FindAny(identity) is { } before
                && before.Version with { StatusChanged = version.StatusChanged } == version
                && before.Digest != digest)
                rewritten.Contradicts(path, isRewritten: true);
            if (IsSettled(version, began)) known.Keep(identity, version, digest);
            return DigestResult.Of(digest);
        }

        return DigestResult.Failed(FileErrorKind.Failed, $"{path} keeps changing while it is read");
    }

    /// <returns>An answer that needs no reading; null if the file exists with the requested facts.</returns>
    private DigestResult? Look(VirtualPath path, in Entry file, out FileIdentity identity, out LocalVersion version)
    {
        (identity, version) = (default, default);
        var opened = files.Open(path);
        if (!opened.IsOpened) return DigestResult.Failed(opened.Error);
        using var copy = opened.File;
        (identity, version) = (copy.Identity, copy.Version);
        var now = files.EntryOf(path, copy, file);
        if (!now.IsSameVersion(file)) return DigestResult.Changed(now);
        return known.Find(identity, version) is { } digest ? DigestResult.Of(digest) : null;
    }

    private static bool IsSettled(LocalVersion version, DateTimeOffset began)
    {
        var latest = version.Modified > version.StatusChanged ? version.Modified : version.StatusChanged;
        return UnixTime.From(began - TimesAreCoarse) > latest;
    }
}
