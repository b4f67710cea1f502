namespace Dftp.Tests.Scenarios.Support;

/// <summary>
/// Scripts that mirror with a client without a mirror command: by its listings, directory by directory, then file by file in as few
/// runs as possible.
/// </summary>
internal static class FtpMirrorScripts
{
    /// <summary>Python; arguments: the URL of the root, the directory for the copy, and curl's options.</summary>
    public const string Curl = """
        import os, subprocess, sys
        from urllib.parse import quote
        url, copy, *options = sys.argv[1:]
        def run(pairs, *more):
            escaped = [(quote(source), target.replace('\\', '\\\\').replace('"', '\\"')) for source, target in pairs]
            config = ''.join(f'url = "{url}{source}"\noutput = "{target}"\n' for source, target in escaped)
            subprocess.run(['curl', '-sS', '--fail', '-g', *more, *options, '--config', '-'], input=config.encode(), check=True)
        level, files = ['/'], []
        while level:
            run([(directory, f'{copy}/.listing{n}') for n, directory in enumerate(level)], '-X', 'MLSD')
            below = []
            for n, directory in enumerate(level):
                for line in open(f'{copy}/.listing{n}', encoding='utf-8', newline='\n'):
                    facts, name = line.rstrip('\r\n').split(' ', 1)
                    if 'type=dir;' in facts: os.mkdir(copy + directory + name); below.append(directory + name + '/')
                    else: files.append(directory + name)
                os.remove(f'{copy}/.listing{n}')
            level = below
        for at in range(0, len(files), 500): run([(file, copy + file) for file in files[at:at + 500]], '-R')
        """;

    /// <summary>Python; arguments: server, port, and the directory for the copy.</summary>
    public const string Tnftp = """
        import os, subprocess, sys
        server, port, copy = sys.argv[1:]
        def run(commands):
            lines = '\n'.join(['binary', *commands, 'quit', ''])
            subprocess.run(['tnftp', '-i', '-a', '-V', '-p', server, port], input=lines, text=True, check=True, stdout=subprocess.DEVNULL)
        def escape(name): return ''.join('\\' + c if c in ' \t\\"!' else c for c in name)
        level, files = ['/'], []
        while level:
            run([f'dir {escape(directory)} {escape(f"{copy}/.listing{n}")}' for n, directory in enumerate(level)])
            below = []
            for n, directory in enumerate(level):
                for line in open(f'{copy}/.listing{n}', encoding='utf-8', newline='\n'):
                    name = line.rstrip('\r\n')[59:]
                    if line[0] == 'd': os.mkdir(copy + directory + name); below.append(directory + name + '/')
                    else: files.append(directory + name)
                os.remove(f'{copy}/.listing{n}')
            level = below
        run([f'get {escape(file)} {escape(copy + file)}' for file in files])
        """;

    /// <summary>Python; arguments: server, port, the class of ftplib, a directory, and the directory for the copy.</summary>
    public const string Ftplib = """
        import calendar, ftplib, os, sys, time
        server, port, type, top, copy = sys.argv[1:]
        ftp = getattr(ftplib, type)(timeout=10)
        ftp.connect(server, int(port)); ftp.login()
        if type == 'FTP_TLS': ftp.prot_p()
        def fetch(source, target):
            for name, facts in list(ftp.mlsd(source or '/')):
                path = target + '/' + name
                if facts['type'] == 'dir': os.mkdir(path); fetch(source + '/' + name, path); continue
                with open(path, 'wb') as out: ftp.retrbinary('RETR ' + source + '/' + name, out.write)
                assert ftp.voidcmd('MDTM ' + source + '/' + name)[4:18] == facts['modify'][:14]
                stamp = calendar.timegm(time.strptime(facts['modify'].split('.')[0], '%Y%m%d%H%M%S'))
                os.utime(path, (stamp, stamp))
        fetch(top, copy)
        assert sorted(path.rsplit('/', 1)[1] for path in ftp.nlst(top or '/')) == sorted(os.listdir(copy))
        ftp.quit()
        """;

    /// <summary>
    /// JavaScript; arguments: the path of basic-ftp, server, port, a directory, the directory for the copy, and <c>tls</c> or
    /// nothing.
    /// </summary>
    public const string BasicFtp = """
        const [library, server, port, top, copy, tls] = process.argv.slice(1);
        const fs = require("fs"), { Client } = require(library);
        (async () => {
            const client = new Client(10000);
            await client.access({ host: server, port: Number(port), secure: tls === "tls", secureOptions: { rejectUnauthorized: false } });
            const stamp = async (source, target) => {
                for (const item of await client.list(source)) {
                    if (item.isDirectory) await stamp(`${source}/${item.name}`, `${target}/${item.name}`);
                    else fs.utimesSync(`${target}/${item.name}`, item.modifiedAt, item.modifiedAt);
                }
            };
            await client.downloadToDir(copy, top || "/");
            await stamp(top, copy);
            client.close();
        })().catch(error => { console.error(error); process.exit(1); });
        """;

    /// <summary>
    /// JavaScript; arguments: the path of basic-ftp, server, port, a file, and <c>tls</c> or nothing. Uses one session.
    /// </summary>
    public const string BasicFtpRefusals = """
        const [library, server, port, file, tls] = process.argv.slice(1);
        const { Client } = require(library), { Readable, Writable } = require("stream");
        (async () => {
            const client = new Client(10000), sink = () => new Writable({ write(bytes, encoding, done) { done(); } });
            await client.access({ host: server, port: Number(port), secure: tls === "tls", secureOptions: { rejectUnauthorized: false } });
            const refused = async command => {
                try { await command(); } catch (error) { if (error.code === 550) return; throw error; }
                throw new Error(`${command} was not refused`);
            };
            for (let round = 0; round < 10; round++) {
                await refused(() => client.downloadTo(sink(), "/nothing"));
                await refused(() => client.list("/nothing"));
                await refused(() => client.uploadFrom(Readable.from(["x".repeat(100000)]), "/new"));
                await refused(() => client.appendFrom(Readable.from(["x".repeat(100000)]), "/new"));
                await client.downloadTo(sink(), file);
            }
            client.close();
        })().catch(error => { console.error(error); process.exit(1); });
        """;
}
